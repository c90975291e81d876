"""Which HTTP status each error code is answered with; a test keeps the table complete."""

from collections.abc import Mapping
from typing import Final

_BY_STATUS: Final[Mapping[int, tuple[str, ...]]] = {
    400: (
        "bad-request",
        "idempotency-key-invalid",
        "idempotency-key-missing",
        "malformed-json",
    ),
    401: ("credentials-missing", "key-ended", "unknown-key"),
    403: ("role-not-allowed",),
    404: ("not-found", "unknown-member", "unknown-order", "unknown-policy"),
    405: ("method-not-allowed",),
    409: ("idempotency-in-progress", "joined-with-other-content", "member-closed", "name-taken"),
    413: ("body-too-large",),
    415: ("unsupported-media-type",),
    422: (
        "birthday-impossible",
        "idempotency-key-reused",
        "invalid-request",
        "malformed-contact",
        "malformed-id",
        "policy-cannot-change",
        "policy-malformed",
        "policy-starts-in-the-past",
        "policy-starts-too-soon",
        "token-expired",
        "token-malformed",
        "too-young",
    ),
    500: ("internal-error",),
    503: ("outcome-unknown", "unavailable"),
}

STATUSES: Final[Mapping[str, int]] = {
    code: status for status, codes in _BY_STATUS.items() for code in codes
}
