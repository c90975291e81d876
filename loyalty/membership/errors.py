"""What paid membership refuses, one class a refusal."""

from loyalty.errors import LoyaltyError


class MembershipError(LoyaltyError):
    """The membership does not allow this."""

    code = "membership-refused"


class MembershipUnknown(MembershipError):
    """There is no membership {seen}."""

    code = "unknown-membership"
    seen: str


class MembershipLive(MembershipError):
    """This member has a membership that has not ended: {seen}."""

    code = "membership-live"
    seen: str


class MembershipEnded(MembershipError):
    """The membership ended at {seen}; the member may join anew."""

    code = "membership-ended"
    seen: str


class ReferenceTaken(MembershipError):
    """The reference {seen} stands for something else already."""

    code = "membership-reference-taken"
    seen: str


class BilledElsewhere(MembershipError):
    """This is charged through {seen}, which is another way than the one that was asked."""

    code = "membership-billed-elsewhere"
    seen: str


class NotPaid(MembershipError):
    """A membership begins with a trial or with its first payment, and neither was given."""

    code = "membership-not-paid"


class TrialTaken(MembershipError):
    """This person has had a trial, which comes once for life."""

    code = "trial-taken"


class TrialNotOffered(MembershipError):
    """The plan {seen} has no trial."""

    code = "trial-not-offered"
    seen: str


class ConsentMissing(MembershipError):
    """Joining needs the text that the member agreed to, and its version."""

    code = "membership-consent-missing"


class PeriodImpossible(MembershipError):
    """A paid period ends after it begins, and not at {until} from {start}."""

    code = "membership-period-impossible"
    start: str
    until: str


class PeriodsOverlap(MembershipError):
    """The period is paid already until {seen}, by {reference}."""

    code = "membership-periods-overlap"
    seen: str
    reference: str


class PeriodAhead(MembershipError):
    """The period begins at {seen}, later than {wanted}: what lies between is reported first."""

    code = "membership-period-ahead"
    seen: str
    wanted: str


class PeriodOver(MembershipError):
    """A change now is paid until an instant to come, and not until {seen}."""

    code = "membership-period-over"
    seen: str


class AmountNotPositive(MembershipError):
    """An amount is a positive number of minor units, not {seen}."""

    code = "membership-amount-not-positive"
    seen: int


class CurrencyForeign(MembershipError):
    """The plan is charged in {wanted}, not in {seen}."""

    code = "membership-currency-foreign"
    seen: str
    wanted: str


class FeeInFuture(MembershipError):
    """A payment or refund has happened by now; {seen} is to come."""

    code = "membership-fee-in-future"
    seen: str


class ChargeUnknown(MembershipError):
    """The membership has no charge {seen}."""

    code = "unknown-charge"
    seen: str


class ChargeConflict(MembershipError):
    """{reference} was reported before with another {field}: {seen}, not {wanted}."""

    code = "membership-fee-conflict"
    reference: str
    field: str
    seen: str
    wanted: str


class RefundAboveCharge(MembershipError):
    """Of this charge {left} can be given back at most, not {wanted}."""

    code = "refund-above-charge"
    left: int
    wanted: int


class SamePrice(MembershipError):
    """The membership has the price {seen} already."""

    code = "membership-same-price"
    seen: str


class NothingToUndo(MembershipError):
    """Nobody has asked to end this membership."""

    code = "membership-nothing-to-undo"


class CancelledAlready(MembershipError):
    """The membership ends at {seen} already."""

    code = "membership-cancelled-already"
    seen: str


class WithdrawalOver(MembershipError):
    """The time to withdraw ended at {seen}."""

    code = "withdrawal-over"
    seen: str


class BothMembers(MembershipError):
    """Both members have a live membership: end one of them before they are merged."""

    code = "both-have-memberships"
