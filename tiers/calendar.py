"""What a day means on a ladder, as rows: its window, when it stops counting, what is kept from it.

Pure. The set-based evaluation joins these rows, so that windows are computed in `tiers.windows`
and nowhere else. The one idea: a row holds for the days from `first` until `last`, one day where
windows roll or are the same for everybody, one year of a member where they follow the joining.
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


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the days of one row mean; `anchor` is the month and day of joining, or 0 for all."""

    anchor: int
    first: date
    last: date
    starts: date
    leaves: date | None
    valid: date | None


def meanings(ladder: Ladder, first: date, last: date) -> Iterator[Meaning]:
    """The rows for every day from the first to the last, and for all anchors."""
    if ladder.window.kind is WindowKind.ANNIVERSARY:
        for month in range(1, 13):
            for day in range(1, monthrange(_LEAP, month)[1] + 1):
                yield from _years(ladder, date(_LEAP, month, day), first, last)
        return
    on = first
    while on <= last:
        yield _meaning(ladder, on, joined_on=first, anchor=0, until=on + _DAY)
        on += _DAY


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


def _years(ladder: Ladder, joined_on: date, first: date, last: date) -> Iterator[Meaning]:
    anchor = joined_on.month * 100 + joined_on.day
    day = window_on(ladder.window, first, joined_on=joined_on).start
    while day <= last:
        end = window_on(ladder.window, day, joined_on=joined_on).end
        yield _meaning(ladder, day, joined_on=joined_on, anchor=anchor, until=end)
        day = end


def _meaning(ladder: Ladder, day: date, *, joined_on: date, anchor: int, until: date) -> Meaning:
    return Meaning(
        anchor=anchor,
        first=day,
        last=until,
        starts=window_on(ladder.window, day, joined_on=joined_on).start,
        leaves=leaves_on(ladder.window, day, joined_on=joined_on),
        valid=valid_until(ladder, day, joined_on=joined_on),
    )
