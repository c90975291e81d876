"""Reads a policy from its plain JSON document and writes it back.

Every field is named once, with the question it must answer; the first answer that is wrong is
refused with a pointer to it. Nothing is defaulted: a stored document says everything.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from loyalty.money import PointValue
from loyalty.policy.errors import PolicyMalformed
from loyalty.policy.types import Policy

Document = Mapping[str, object]

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?")
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ROLES: Final = frozenset({"checkout", "admin", "finance"})
_MOST_POINTS: Final = 10**12
_LONGEST_NAME: Final = 40
_MOST_REASONS: Final = 50


def parse_policy(document: object, *, version: int, starts_at: datetime) -> Policy:
    """Return the policy that the document describes; `PolicyMalformed` points at what is wrong."""
    given = _object(document, "")
    for field in given:
        if field not in _FIELDS:
            raise _malformed(f"/{field}", "no such field", field)
    for field in _FIELDS:
        if field not in given:
            raise _malformed(f"/{field}", "a value", "nothing")
    read: dict[str, Any] = {
        field: reader(given[field], f"/{field}") for field, reader in _FIELDS.items()
    }
    if read["language"] not in read["unit"]:
        raise _malformed("/unit", f"a name in {read['language']}", sorted(read["unit"]))
    read["zone"] = read.pop("time_zone")
    return Policy(version=version, starts_at=starts_at, **read)


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
        "expiry_months": policy.expiry_months,
        "shortfall": policy.shortfall,
        "lapsed_slice": policy.lapsed_slice,
        "hold_minutes": policy.hold_minutes,
        "minimum_age": policy.minimum_age,
        "spend_minimum": policy.spend_minimum,
        "spend_step": policy.spend_step,
        "spend_share_percent": policy.spend_share_percent,
        "spend_on_shipping": policy.spend_on_shipping,
        "adjustment_limits": dict(policy.adjustment_limits),
        "adjustment_reasons": list(policy.adjustment_reasons),
        "birthday_voucher": policy.birthday_voucher,
    }


def _malformed(pointer: str, wanted: str, seen: object) -> PolicyMalformed:
    return PolicyMalformed(pointer=pointer, wanted=wanted, seen=repr(seen)[:80])


def _object(value: object, pointer: str) -> Document:
    if not isinstance(value, Mapping):
        raise _malformed(pointer, "an object", value)
    return value


def _whole(least: int, most: int) -> Callable[[object, str], int]:
    def read(value: object, pointer: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _malformed(pointer, f"a whole number from {least} to {most}", value)
        return value

    return read


def _one_of(*allowed: str) -> Callable[[object, str], str]:
    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise _malformed(pointer, f"one of {', '.join(allowed)}", value)
        return value

    return read


def _matching(pattern: re.Pattern[str], wanted: str) -> Callable[[object, str], str]:
    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _malformed(pointer, wanted, value)
        return value

    return read


def _or_none(reader: Callable[[object, str], object]) -> Callable[[object, str], object]:
    def read(value: object, pointer: str) -> object:
        return None if value is None else reader(value, pointer)

    return read


def _yes_or_no(value: object, pointer: str) -> bool:
    if not isinstance(value, bool):
        raise _malformed(pointer, "true or false", value)
    return value


def _unit(value: object, pointer: str) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for language, name in _object(value, pointer).items():
        if not _LANGUAGE.fullmatch(language):
            raise _malformed(f"{pointer}/{language}", "a language tag as key", language)
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
            raise _malformed(
                f"{pointer}/{language}", f"a name of 1 to {_LONGEST_NAME} characters", name
            )
        names[language] = name
    return names


def _zone(value: object, pointer: str) -> ZoneInfo:
    if not isinstance(value, str) or value not in available_timezones():
        raise _malformed(pointer, "a time zone such as Europe/Zurich", value)
    return ZoneInfo(value)


def _point_value(value: object, pointer: str) -> PointValue:
    given = _object(value, pointer)
    if set(given) != {"minor", "points"}:
        raise _malformed(pointer, "the fields minor and points", sorted(given))
    part = _whole(1, 10**9)
    return PointValue(
        minor=part(given["minor"], f"{pointer}/minor"),
        points=part(given["points"], f"{pointer}/points"),
    )


def _limits(value: object, pointer: str) -> Mapping[str, int]:
    given = _object(value, pointer)
    for role in given:
        if role not in _ROLES:
            raise _malformed(f"{pointer}/{role}", f"one of {', '.join(sorted(_ROLES))}", role)
    points = _whole(0, _MOST_POINTS)
    return {role: points(given[role], f"{pointer}/{role}") for role in sorted(given)}


def _reasons(value: object, pointer: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_REASONS:
        raise _malformed(pointer, f"a list of 1 to {_MOST_REASONS} reason codes", value)
    code = _matching(_CODE, "a code such as goodwill")
    reasons = tuple(code(reason, f"{pointer}/{place}") for place, reason in enumerate(value))
    if len(set(reasons)) != len(reasons):
        raise _malformed(pointer, "each reason once", value)
    return reasons


_FIELDS: Final[Mapping[str, Callable[[object, str], object]]] = {
    "unit": _unit,
    "currency": _matching(re.compile(r"[A-Z]{3}"), "an ISO 4217 code such as USD"),
    "time_zone": _zone,
    "language": _matching(_LANGUAGE, "a language tag such as en"),
    "point_value": _point_value,
    "earn_basis": _one_of("paid"),
    "pending_days": _whole(0, 3650),
    "expiry_months": _or_none(_whole(1, 1200)),
    "shortfall": _one_of("pending-only", "down-to-zero", "debt", "deducted"),
    "lapsed_slice": _one_of("expire", "grace"),
    "hold_minutes": _whole(1, 14 * 24 * 60),
    "minimum_age": _whole(0, 99),
    "spend_minimum": _whole(0, _MOST_POINTS),
    "spend_step": _whole(1, _MOST_POINTS),
    "spend_share_percent": _whole(0, 100),
    "spend_on_shipping": _yes_or_no,
    "adjustment_limits": _limits,
    "adjustment_reasons": _reasons,
    "birthday_voucher": _or_none(_matching(_CODE, "the code of a voucher definition")),
}
