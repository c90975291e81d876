"""Reads the expiry of points from a policy's document and writes it back. Pure."""

from calendar import monthrange
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from loyalty.expiry import Activity, Expiries, Expiry, ExpiryKind
from loyalty.policy.readers import (
    CODE,
    Reader,
    an_object,
    fields_of,
    malformed,
    matching,
    one_of,
    whole,
    yes_or_no,
)

MOST_SOURCES: Final = 50
_A_LEAP_YEAR: Final = 2000

#: The field that counts, by kind, with its least and its most.
_COUNTS: Final[Mapping[ExpiryKind, tuple[str, int, int]]] = MappingProxyType(
    {
        ExpiryKind.AFTER_DAYS: ("days", 1, 36_500),
        ExpiryKind.AFTER_MONTHS: ("months", 1, 1200),
        ExpiryKind.END_OF_MONTH: ("months", 0, 1200),
        ExpiryKind.END_OF_QUARTER: ("quarters", 0, 400),
        ExpiryKind.END_OF_YEAR: ("years", 0, 100),
        ExpiryKind.FIXED_DAY: ("turns", 1, 100),
        ExpiryKind.ROLLING: ("months", 1, 1200),
    }
)
_KIND: Final = one_of(*ExpiryKind)
_SOURCE: Final = matching(CODE, "the code of a source such as order")


def read_expiry(value: object, pointer: str) -> Expiry:
    """Read how long points live; `PolicyMalformed` points at what is wrong."""
    given = an_object(value, pointer)
    if "kind" not in given:
        raise malformed(f"{pointer}/kind", "a value", "nothing")
    kind = ExpiryKind(_KIND(given["kind"], f"{pointer}/kind"))
    if kind is ExpiryKind.NEVER:
        fields_of(given, pointer, {"kind": _KIND})
        return Expiry(kind)
    counts, least, most = _COUNTS[kind]
    readers: dict[str, Reader[Any]] = {
        "kind": _KIND,
        counts: whole(least, most),
        "notice": yes_or_no,
    }
    if kind is ExpiryKind.FIXED_DAY:
        readers |= {"month": whole(1, 12), "day": whole(1, 31)}
    read = fields_of(given, pointer, readers)
    month, day = read.get("month", 0), read.get("day", 0)
    if month and day > monthrange(_A_LEAP_YEAR, month)[1]:
        raise malformed(f"{pointer}/day", f"a day of month {month}", day)
    return Expiry(kind, read[counts], month, day, read["notice"])


def read_expiries(value: object, pointer: str) -> Expiries:
    """Read what a policy says of expiry."""
    read = fields_of(value, pointer, _FIELDS)
    found = Expiries(read["default"], read["sources"], read["by_time"], read["activities"])
    if found.rolling_months() and not found.activities:
        raise malformed(f"{pointer}/activities", "what counts as activity", [])
    return found


def expiry_document(expiry: Expiry) -> dict[str, object]:
    """Return what `read_expiry` reads back to the same."""
    if expiry.kind is ExpiryKind.NEVER:
        return {"kind": expiry.kind.value}
    counts, _, _ = _COUNTS[expiry.kind]
    document: dict[str, object] = {"kind": expiry.kind.value, counts: expiry.count}
    if expiry.kind is ExpiryKind.FIXED_DAY:
        document |= {"month": expiry.month, "day": expiry.day}
    return {**document, "notice": expiry.notice}


def expiries_document(expiries: Expiries) -> dict[str, object]:
    """Return what `read_expiries` reads back to the same."""
    return {
        "default": expiry_document(expiries.default),
        "sources": {
            source: expiry_document(one) for source, one in sorted(expiries.sources.items())
        },
        "by_time": expiries.by_time,
        "activities": sorted(activity.value for activity in expiries.activities),
    }


def _sources(value: object, pointer: str) -> Mapping[str, Expiry]:
    given = an_object(value, pointer)
    if len(given) > MOST_SOURCES:
        raise malformed(pointer, f"at most {MOST_SOURCES} sources", len(given))
    return {
        _SOURCE(source, f"{pointer}/{source}"): read_expiry(one, f"{pointer}/{source}")
        for source, one in given.items()
    }


def _activities(value: object, pointer: str) -> frozenset[Activity]:
    if not isinstance(value, list):
        raise malformed(pointer, f"a list of {', '.join(Activity)}", value)
    known = one_of(*Activity)
    found = [Activity(known(one, f"{pointer}/{place}")) for place, one in enumerate(value)]
    if len(set(found)) != len(found):
        raise malformed(pointer, "each activity once", value)
    return frozenset(found)


_FIELDS: Final[Mapping[str, Reader[Any]]] = {
    "default": read_expiry,
    "sources": _sources,
    "by_time": yes_or_no,
    "activities": _activities,
}
