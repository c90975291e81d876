"""Why a dry run is refused."""

from loyalty.errors import LoyaltyError


class UnknownDryRun(LoyaltyError):
    """There is no dry run {seen}."""

    code = "unknown-dry-run"
    seen: str
