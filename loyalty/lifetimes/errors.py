"""Why a change of the ends of points is refused."""

from loyalty.errors import LoyaltyError


class UnknownExpiryPreview(LoyaltyError):
    """There is no preview {seen} of a change of expiry."""

    code = "unknown-expiry-preview"
    seen: str


class ExpiryPreviewOutdated(LoyaltyError):
    """The preview is of {seen} and good for {wanted} days: preview the change again."""

    code = "expiry-preview-outdated"
    seen: str
    wanted: int


class ExpiryPolicyMoved(LoyaltyError):
    """Policy {seen} was published since the preview, which was of a change to policy {wanted}."""

    code = "expiry-policy-moved"
    seen: int
    wanted: int
