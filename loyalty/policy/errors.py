"""Why a policy is refused."""

from loyalty.errors import LoyaltyError


class PolicyMalformed(LoyaltyError):
    """The policy needs {wanted} here, not {seen}."""

    code = "policy-malformed"
    wanted: str
    seen: str


class PolicyStartsTooSoon(LoyaltyError):
    """A policy under which points are worth less starts no sooner than {wanted}, not {seen}."""

    code = "policy-starts-too-soon"
    wanted: str
    seen: str


class PolicyStartsInThePast(LoyaltyError):
    """Once the programme has members, a policy starts no sooner than {wanted}, not {seen}."""

    code = "policy-starts-in-the-past"
    wanted: str
    seen: str


class PolicyCannotChange(LoyaltyError):
    """Once the programme has members, its {field} stays {wanted}; {seen} is refused."""

    code = "policy-cannot-change"
    field: str
    wanted: str
    seen: str


class AssetUnknown(LoyaltyError):
    """The programme has {wanted}; it has nothing by the code {seen}."""

    code = "asset-unknown"
    wanted: str
    seen: str


class UnknownPolicy(LoyaltyError):
    """There is no policy version {seen}."""

    code = "unknown-policy"
    seen: int
