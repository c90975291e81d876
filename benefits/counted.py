"""Counters as values: limits, where counters stand, and what an answer is to charge. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

EVER = date(1, 1, 1)
"""When the period begins that never ends."""
POINTS, USES, MONEY, BASIS, REMAINDER = "points", "uses", "money", "basis", "remainder"
GIVEN = "given"
"""What a gift or a voucher for later counts as: a use, and nothing else."""
SHIPPING = -1
"""The position of what is taken off shipping, which is no line."""
SHIPPING_NO = 0
"""The line number under which an order keeps what was taken off shipping."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may be given to an order, a member or all, in a period or ever."""

    count: str
    whose: str
    every: str
    most: int
    partial: bool = True
    """Whether what is left is given when that is less than would be given."""


class Reached(NamedTuple):
    """A limit that left less than was wanted: where its counter stood, and until which day."""

    measure: str
    whose: str
    every: str
    used: int
    most: int
    until: str | None
    """The first day of the next period; None where none follows."""

    @property
    def code(self) -> str:
        """The reason where nothing was left: of money that all share it is the budget."""
        budget = self.measure == MONEY and self.whose == "all"
        return "budget-short" if budget else "limit-reached"


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
    shipping: int = 0
    """What is taken for shipping, beside the lines."""

    @property
    def taken(self) -> int:
        """What is taken in all."""
        return sum(self.parts) + self.shipping

    @property
    def by_line(self) -> dict[int, int]:
        """What is taken by line number; shipping stands under zero."""
        numbered = {SHIPPING_NO: self.shipping}
        numbered.update(enumerate(self.parts, start=1))
        return {line_no: part for line_no, part in numbered.items() if part}


def periods(on: date) -> Mapping[str, str]:
    """The first day of each period that a day is in, as text."""
    return {
        "day": on.isoformat(),
        "week": (on - timedelta(days=on.weekday())).isoformat(),
        "month": on.replace(day=1).isoformat(),
        "year": on.replace(month=1, day=1).isoformat(),
        "ever": EVER.isoformat(),
    }


def next_period(every: str, starts_on: str) -> str | None:
    """The first day of the period that follows one; None where none does."""
    day = date.fromisoformat(starts_on)
    days = {"day": 1, "week": 7, "month": 31, "year": 366}.get(every)
    return None if days is None else periods(day + timedelta(days=days))[every]
