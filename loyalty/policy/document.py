"""Reads a policy from its plain JSON document and writes it back.

Every field is named once, with the question it must answer; the first answer that is wrong is
refused with a pointer to it. Nothing is defaulted: a stored document says everything, and one in
an earlier form is read as what it says in today's (`loyalty.policy.earlier`).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from loyalty.expiry import ExpiryKind
from loyalty.money import PointValue
from loyalty.policy.earlier import modern
from loyalty.policy.expiring import (
    expiries_document,
    expiry_document,
    read_expiries,
    read_expiry,
)
from loyalty.policy.readers import (
    CODE,
    LANGUAGE,
    Reader,
    an_object,
    fields_of,
    malformed,
    matching,
    names,
    one_of,
    or_none,
    whole,
    yes_or_no,
)
from loyalty.policy.types import POINTS, Asset, Policy

_ROLES: Final = frozenset({"checkout", "admin", "finance"})
_MOST_POINTS: Final = 10**12
_MOST_REASONS: Final = 50
_MOST_ASSETS: Final = 20


def parse_policy(
    document: object,
    *,
    version: int,
    starts_at: datetime,
    rolled: frozenset[int] = frozenset(),
) -> Policy:
    """Return the policy that the document describes; `PolicyMalformed` points at what is wrong.

    `rolled` are the months of inactivity after which points of earlier versions lapse.
    """
    read = fields_of(modern(an_object(document, "")), "", _FIELDS)
    if read["language"] not in read["unit"]:
        raise malformed("/unit", f"a name in {read['language']}", sorted(read["unit"]))
    if read["pending_until"] == "delivered" and read["pending_days"]:
        raise malformed("/pending_days", "0 where points wait for delivery", read["pending_days"])
    for code, asset in read["assets"].items():
        if read["language"] not in asset.names:
            raise malformed(f"/assets/{code}/names", f"a name in {read['language']}", code)
    read["zone"] = read.pop("time_zone")
    return Policy(version=version, starts_at=starts_at, rolled=rolled, **read)


def document_of(policy: Policy) -> dict[str, object]:
    """Return the document that `parse_policy` reads back to the same policy."""
    return {
        "unit": dict(policy.unit),
        "currency": policy.currency,
        "time_zone": policy.zone.key,
        "language": policy.language,
        "point_value": {"minor": policy.point_value.minor, "points": policy.point_value.points},
        "earn_basis": policy.earn_basis,
        "pending_days": policy.pending_days,
        "pending_until": policy.pending_until,
        "delivery_days": policy.delivery_days,
        "expiry": expiries_document(policy.expiry),
        "expiry_reminder_days": policy.expiry_reminder_days,
        "grace_days": policy.grace_days,
        "assets": {
            code: {"names": dict(asset.names), "expiry": expiry_document(asset.expiry)}
            for code, asset in sorted(policy.assets.items())
        },
        "shortfall": policy.shortfall,
        "hold_minutes": policy.hold_minutes,
        "minimum_age": policy.minimum_age,
        "spend_minimum": policy.spend_minimum,
        "spend_step": policy.spend_step,
        "spend_share_percent": policy.spend_share_percent,
        "spend_on_shipping": policy.spend_on_shipping,
        "adjustment_limits": dict(policy.adjustment_limits),
        "adjustment_reasons": list(policy.adjustment_reasons),
        "birthday_voucher": policy.birthday_voucher,
        "rule_reviewers": policy.rule_reviewers,
    }


def _zone(value: object, pointer: str) -> ZoneInfo:
    if not isinstance(value, str) or value not in available_timezones():
        raise malformed(pointer, "a time zone such as Europe/Zurich", value)
    return ZoneInfo(value)


def _point_value(value: object, pointer: str) -> PointValue:
    given = an_object(value, pointer)
    if set(given) != {"minor", "points"}:
        raise malformed(pointer, "the fields minor and points", sorted(given))
    part = whole(1, 10**9)
    return PointValue(
        minor=part(given["minor"], f"{pointer}/minor"),
        points=part(given["points"], f"{pointer}/points"),
    )


def _limits(value: object, pointer: str) -> Mapping[str, int]:
    given = an_object(value, pointer)
    for role in given:
        if role not in _ROLES:
            raise malformed(f"{pointer}/{role}", f"one of {', '.join(sorted(_ROLES))}", role)
    points = whole(0, _MOST_POINTS)
    return {role: points(given[role], f"{pointer}/{role}") for role in sorted(given)}


def _reasons(value: object, pointer: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_REASONS:
        raise malformed(pointer, f"a list of 1 to {_MOST_REASONS} reason codes", value)
    code = matching(CODE, "a code such as goodwill")
    reasons = tuple(code(reason, f"{pointer}/{place}") for place, reason in enumerate(value))
    if len(set(reasons)) != len(reasons):
        raise malformed(pointer, "each reason once", value)
    return reasons


def _assets(value: object, pointer: str) -> Mapping[str, Asset]:
    given = an_object(value, pointer)
    if len(given) > _MOST_ASSETS:
        raise malformed(pointer, f"at most {_MOST_ASSETS} assets", len(given))
    code = matching(CODE, "a code such as growth")
    found: dict[str, Asset] = {}
    for asset, one in given.items():
        here = f"{pointer}/{asset}"
        if asset == POINTS:
            raise malformed(here, "an asset beside points, which the unit names", asset)
        read = fields_of(one, here, {"names": names, "expiry": read_expiry})
        if read["expiry"].kind is ExpiryKind.ROLLING:
            wanted = "an expiry by time or never: activity moves points alone"
            raise malformed(f"{here}/expiry/kind", wanted, read["expiry"].kind.value)
        found[code(asset, here)] = Asset(**read)
    return found


_FIELDS: Final[Mapping[str, Reader[Any]]] = {
    "unit": names,
    "currency": matching(re.compile(r"[A-Z]{3}"), "an ISO 4217 code such as USD"),
    "time_zone": _zone,
    "language": matching(LANGUAGE, "a language tag such as en"),
    "point_value": _point_value,
    "earn_basis": one_of("paid"),
    "pending_days": whole(0, 3650),
    "pending_until": one_of("completed", "delivered"),
    "delivery_days": whole(1, 3650),
    "expiry": read_expiries,
    "expiry_reminder_days": or_none(whole(1, 90)),
    "grace_days": whole(0, 3650),
    "assets": _assets,
    "shortfall": one_of("pending-only", "down-to-zero", "debt", "deducted"),
    "hold_minutes": whole(1, 14 * 24 * 60),
    "minimum_age": whole(0, 99),
    "spend_minimum": whole(0, _MOST_POINTS),
    "spend_step": whole(1, _MOST_POINTS),
    "spend_share_percent": whole(0, 100),
    "spend_on_shipping": yes_or_no,
    "adjustment_limits": _limits,
    "adjustment_reasons": _reasons,
    "birthday_voucher": or_none(matching(CODE, "the code of a voucher definition")),
    "rule_reviewers": whole(0, 1),
}
