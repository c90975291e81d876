"""What partner benefits refuse, one class a refusal."""

from loyalty.errors import LoyaltyError


class PartnerError(LoyaltyError):
    """The partner benefit does not allow this."""

    code = "partner-benefit-refused"


class BenefitUnknown(PartnerError):
    """The plan {plan} has no partner benefit {seen}."""

    code = "unknown-partner-benefit"
    plan: str
    seen: str


class BenefitTaken(PartnerError):
    """There is a partner benefit {seen} already, with other content; none is ever edited."""

    code = "partner-benefit-taken"
    seen: str


class BenefitArchived(PartnerError):
    """The partner benefit {seen} is archived: no more codes of it are given."""

    code = "partner-benefit-archived"
    seen: str


class CodesRunOut(PartnerError):
    """There is no code of the partner benefit {seen} left."""

    code = "partner-codes-run-out"
    seen: str


class NoAccess(PartnerError):
    """The membership gives no benefits now: it is {seen}."""

    code = "membership-without-access"
    seen: str
