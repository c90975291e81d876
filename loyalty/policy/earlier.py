"""Policies published in an earlier form, read as what they say in today's. Pure.

A published document never changes, so its form is told by its fields and brought up to date when
it is read; publishing accepts the earlier form as well.
"""

from typing import Final

from loyalty.expiry import ExpiryKind
from loyalty.policy.readers import Document

#: Days from completion to what counts as delivery, where a form did not say.
DELIVERY: Final = 30
#: Days that points lived which came back after their end, where the first form said "grace".
GRACE: Final = 30
_LAPSED: Final = {"expire": 0, "grace": GRACE}


def modern(document: Document) -> Document:
    """Return the document in today's form.

    The first form had `expiry_months` (null: never) for all points, `lapsed_slice` in words, and
    knew of no asset but points and of no reminders; the second did not say what points wait for,
    nor the third for how long they wait for a delivery that nobody reports; the fourth asked
    nobody to review a change of rules.
    """
    if not document or not {"expiry_months", "expiry"} & document.keys():
        return document
    later = {
        "pending_until": "completed",
        "delivery_days": DELIVERY,
        "rule_reviewers": 0,
        **document,
    }
    if "expiry_months" not in document or "expiry" in document:
        return later
    later["expiry"] = _expiry(later.pop("expiry_months"))
    if "lapsed_slice" in later:
        lapsed = later.pop("lapsed_slice")
        later["grace_days"] = _LAPSED.get(lapsed, lapsed) if isinstance(lapsed, str) else lapsed
    later.setdefault("expiry_reminder_days", None)
    later.setdefault("assets", {})
    return later


def _expiry(months: object) -> dict[str, object]:
    lasting: dict[str, object] = {"kind": ExpiryKind.NEVER.value}
    if months is not None:
        lasting = {"kind": ExpiryKind.AFTER_MONTHS.value, "months": months, "notice": False}
    return {"default": lasting, "sources": {}, "by_time": True, "activities": []}
