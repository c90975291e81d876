"""What a day means on a ladder, as arrays.

Pure. The set-based evaluation looks days up here, so that windows are computed in `tiers.windows`
and nowhere else. The one idea: a day is a position, counted from a first day where windows roll or
are the same for everybody, by year and day of joining where they follow the joining.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from tiers.scale import Ladder, WindowKind
from tiers.windows import add_months, leaves_on, valid_until, window_on

_DAY: Final = timedelta(days=1)
_LEAP: Final = 2000
_FARTHEST: Final = date(9000, 1, 1)
DAYS_A_MONTH: Final = 31
"""Anchors are numbered as if every month had so many days."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The meanings of days by position, from a first day on.

    With `years`, a position is a year of one anchor (a day of joining), so many for each; the first
    day is then the first of January of the first of them. None stands for never, on all days.
    """

    first: date
    years: int
    starts: tuple[date, ...]
    leaves: tuple[date, ...] | None
    valid: tuple[date, ...] | None


def calendar_of(ladder: Ladder, first: date, last: date) -> Calendar:
    """The meanings of every day from the first to the last, for all anchors."""
    years = 0
    days = list(_days(first, last))
    joined = [first] * len(days)
    if ladder.window.kind is WindowKind.ANNIVERSARY:
        first, years = date(first.year - 1, 1, 1), last.year - first.year + 2
        joined = [anchor for anchor in _anchors() for _ in range(years)]
        days = [
            add_months(anchor, 12 * (first.year + year - _LEAP))
            for anchor in _anchors()
            for year in range(years)
        ]
    each = list(zip(days, joined, strict=True))
    leaves = [leaves_on(ladder.window, day, joined_on=joined_on) for day, joined_on in each]
    valid = [valid_until(ladder, day, joined_on=joined_on) for day, joined_on in each]
    return Calendar(
        first,
        years,
        tuple(window_on(ladder.window, day, joined_on=joined_on).start for day, joined_on in each),
        _known(leaves),
        _known(valid),
    )


def earliest_start(ladder: Ladder, on: date) -> date:
    """A day no later than the start of anybody's window on a day."""
    if ladder.window.kind is WindowKind.ANNIVERSARY:
        return add_months(on, -12)
    return window_on(ladder.window, on, joined_on=on).start


def horizon(ladder: Ladder, on: date) -> date:
    """A day after everything that what happened by a day can still decide."""
    months = 12 * 2
    if ladder.validity.unit == "days" or ladder.window.kind is WindowKind.ROLLING_DAYS:
        months += (ladder.window.length + ladder.validity.length) // 28 + 1
    if ladder.validity.unit == "months" or ladder.window.kind is WindowKind.ROLLING_MONTHS:
        months += ladder.window.length + ladder.validity.length + 1
    if ladder.validity.unit == "periods":
        months += 12 * (ladder.validity.length + 1)
    return min(add_months(on, months) + timedelta(days=2 * ladder.grace_days), _FARTHEST)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _anchors() -> Iterator[date]:
    """Every day of a leap year; days that a month has not stand for its last one."""
    for month in range(1, 13):
        for day in range(1, DAYS_A_MONTH + 1):
            yield date(_LEAP, month, min(day, monthrange(_LEAP, month)[1]))


def _known(days: list[date | None]) -> tuple[date, ...] | None:
    """The days, or None where they are never: a ladder says never for all days or for none."""
    known = tuple(day for day in days if day is not None)
    return known if len(known) == len(days) else None
