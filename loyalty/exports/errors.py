"""What an export refuses, by name."""

from loyalty.errors import LoyaltyError


class UnknownExport(LoyaltyError):
    """There is no export {seen}."""

    code = "unknown-export"
    seen: int


class UnknownAccountMap(LoyaltyError):
    """There is no account map {seen}; there are {wanted}."""

    code = "unknown-account-map"
    seen: str
    wanted: str


class AccountMapMalformed(LoyaltyError):
    """An account map needs {wanted}; here it has {seen}."""

    code = "account-map-malformed"
    wanted: str
    seen: str


class AccountMapWithoutFees(LoyaltyError):
    """Membership fees were taken, and account map {seen} has no `fees`: publish one that does."""

    code = "account-map-without-fees"
    seen: str


class ExportPeriodUnfit(LoyaltyError):
    """An export is of a whole month or year that has begun, not of {seen}."""

    code = "export-period-unfit"
    seen: str


class ExportDiffers(LoyaltyError):
    """Export {number} was made with digest {wanted}; made again it has {seen}."""

    code = "export-differs"
    number: int
    wanted: str
    seen: str


class ExportRevisionGone(LoyaltyError):
    """Export {number} was written in revision {seen}; this release writes revision {wanted}."""

    code = "export-revision-gone"
    number: int
    seen: int
    wanted: int
