"""What plans refuse, one class a refusal."""

from loyalty.errors import LoyaltyError


class PlanError(LoyaltyError):
    """The plan does not allow this."""

    code = "plan-refused"


class PlanUnknown(PlanError):
    """There is no plan {seen}."""

    code = "unknown-plan"
    seen: str


class PlanTaken(PlanError):
    """There is a plan {seen} already, with other content; plans are archived, never edited."""

    code = "plan-taken"
    seen: str


class PlanMalformed(PlanError):
    """A plan needs {wanted} here, not {seen}."""

    code = "plan-malformed"
    wanted: str
    seen: str


class PlanArchived(PlanError):
    """The plan {seen} is archived: nobody joins it any more."""

    code = "plan-archived"
    seen: str


class PriceUnknown(PlanError):
    """The plan {plan} has no price {seen}."""

    code = "unknown-price"
    plan: str
    seen: str


class PriceArchived(PlanError):
    """The price {seen} of the plan {plan} is archived."""

    code = "price-archived"
    plan: str
    seen: str
