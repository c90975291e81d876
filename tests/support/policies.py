"""Parts of policy documents that tests of many packages need."""

from typing import Any


def lasting(months: int | None, **more: Any) -> dict[str, Any]:
    """The fields of a policy under which all points live so many months; None: for ever."""
    default: dict[str, Any] = {"kind": "never"}
    if months is not None:
        default = {"kind": "after-months", "months": months, "notice": False}
    return {"expiry": {"default": default, "sources": {}, "by_time": True, "activities": []} | more}
