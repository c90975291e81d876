"""What billing by Stripe refuses, one class a refusal."""

from loyalty.errors import LoyaltyError


class BillingError(LoyaltyError):
    """Billing does not allow this."""

    code = "billing-refused"


class StripeOff(BillingError):
    """Plans billed by Stripe are switched off here: {seen}."""

    code = "stripe-off"
    seen: str


class StripeUnavailable(BillingError):
    """Stripe does not answer just now; what was asked is kept and will be finished."""

    code = "stripe-unavailable"


class StripeRefused(BillingError):
    """Stripe refuses this: {seen}."""

    code = "stripe-refused"
    seen: str


class NoRefundRefused(BillingError):
    """There is no refund of this membership that Stripe has refused."""

    code = "no-refund-refused"


class RefundUnderWay(BillingError):
    """A refund of this membership was asked for at {seen} and is not answered yet."""

    code = "refund-under-way"
    seen: str


class CardRefused(BillingError):
    """The card was refused ({seen}); nothing was changed."""

    code = "card-refused"
    seen: str


class NotBilledByStripe(BillingError):
    """The plan {seen} is charged for by the shop, not by Stripe."""

    code = "not-billed-by-stripe"
    seen: str


class CheckoutUnknown(BillingError):
    """There is no Checkout page {seen} of this member."""

    code = "unknown-checkout"
    seen: str


class AddressNotAllowed(BillingError):
    """A page to come back to is an absolute address, such as https://shop.example.com/plus."""

    code = "address-not-allowed"


class StripeEventUnknown(BillingError):
    """No event {seen} of Stripe's has come in."""

    code = "unknown-stripe-event"
    seen: str


class HintRefused(BillingError):
    """This is no event of Stripe's for us: {reason}."""

    code = "stripe-event-refused"
    reason: str
