"""When points end, changed for points already earned: previewed, confirmed, carried out."""

from loyalty.lifetimes.changes import (
    ExpiryChange,
    confirm_expiry_change,
    find_expiry_change,
    list_expiry_changes,
    preview_expiry_change,
)
from loyalty.lifetimes.errors import (
    ExpiryPolicyMoved,
    ExpiryPreviewOutdated,
    UnknownExpiryPreview,
)

__all__ = [
    "ExpiryChange",
    "ExpiryPolicyMoved",
    "ExpiryPreviewOutdated",
    "UnknownExpiryPreview",
    "confirm_expiry_change",
    "find_expiry_change",
    "list_expiry_changes",
    "preview_expiry_change",
]
