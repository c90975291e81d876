"""Counters as values: where they stand, and what an answer is to charge to them. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

EVER = date(1, 1, 1)
"""When the period begins that never ends."""
POINTS, USES, BASIS, REMAINDER = "points", "uses", "basis", "remainder"


class Used(NamedTuple):
    """Where a counter stands: of the member, or of everyone."""

    scope: str
    measure: str
    everyone: bool
    every: str
    starts_on: str
    used: int


class Charge(NamedTuple):
    """What an answer takes of a counter, line by line; `side` is -1 where it is taken off.

    `most` and `least` bound where the counter may stand afterwards; `seen` is where it stood when
    the answer was made, and is set where the answer holds for no other.
    """

    scope: str
    measure: str
    everyone: bool
    every: str
    starts_on: str
    side: int
    parts: tuple[int, ...]
    most: int | None = None
    least: int | None = None
    seen: int | None = None

    @property
    def taken(self) -> int:
        """What is taken in all."""
        return sum(self.parts)


def periods(on: date) -> Mapping[str, str]:
    """The first day of each period that a day is in, as text."""
    return {
        "day": on.isoformat(),
        "week": (on - timedelta(days=on.weekday())).isoformat(),
        "month": on.replace(day=1).isoformat(),
        "year": on.replace(month=1, day=1).isoformat(),
        "ever": EVER.isoformat(),
    }
