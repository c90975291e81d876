"""What is refused of exchanges, chargebacks, claims, deliveries and exceptions."""

from loyalty.orders.errors import OrderError


class UnknownException(OrderError):
    """There is no exception {seen}."""

    code = "unknown-exception"
    seen: str


class ExceptionSettled(OrderError):
    """The exception was settled as {seen}; it is not settled again as {wanted}."""

    code = "exception-settled"
    seen: str
    wanted: str


class OutcomeUnfit(OrderError):
    """An exception {exception} is settled as {wanted}, not as {seen}."""

    code = "outcome-unfit"
    exception: str
    seen: str
    wanted: str


class NothingPaid(OrderError):
    """The order cost no money, so no bank can have taken any of it back."""

    code = "nothing-paid"


class NotAGuestsOrder(OrderError):
    """The order was placed by a member, so nobody claims it."""

    code = "not-a-guests-order"


class OrderClaimed(OrderError):
    """The order was claimed by another member."""

    code = "order-claimed"


class ClaimTooLate(OrderError):
    """A guest's order is claimed within {wanted} days of joining; the member joined {seen}."""

    code = "claim-too-late"
    seen: str
    wanted: int


class UnknownShipment(OrderError):
    """The order has no completed shipment {shipment}."""

    code = "unknown-shipment"
    shipment: str
