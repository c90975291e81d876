"""The roll-forward of fees: from what was open when a month began to what is open at its end. Pure.

opening + billed - allocated to bonus points - recognised - refunded - turned into credit = closing,
for every plan and in all.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from operator import add

from loyalty.fees.recognition import NOTHING, Life
from loyalty.fees.types import Figures, figures_of, values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeMonth:
    """One plan in one month; ``opening`` and ``closing`` are contract liabilities net of tax."""

    month: date
    plan: str
    opening: int
    moved: Figures
    closing: int


def roll(lived: Iterable[Life], *, since: date, until: date, through: date) -> list[FeeMonth]:
    """Return every plan's months of ``[since, until)`` in which anything stood or moved.

    What days recognise counts up to before ``through``; the month it lies in is not over.
    """
    days = boundaries(since, until, through)
    stood: dict[str, list[Figures]] = {}
    for plan, together in _by_plan(lived).items():
        stood[plan] = _stands(together, days)
    return sorted(
        (one for plan, sums in stood.items() for one in _months(plan, days, sums)),
        key=lambda one: (one.month, one.plan),
    )


def _stands(lived: Iterable[Life], days: Sequence[date]) -> list[Figures]:
    """Sum all that moved before each day; what is over is summed once, from its day on."""
    moving = [list(values_of(NOTHING)) for _ in days]
    over = [list(values_of(NOTHING)) for _ in days]
    for life in lived:
        begins = bisect_right(days, life.charge.booked_on)
        ends = bisect_left(days, life.done_by)
        for place in range(begins, min(ends, len(days))):
            moving[place] = list(map(add, moving[place], values_of(life.by(days[place]))))
        if ends < len(days):
            over[ends] = list(map(add, over[ends], values_of(life.by(days[ends]))))
    so_far = accumulate(over, lambda before, more: list(map(add, before, more)))
    return [figures_of(list(map(add, *both))) for both in zip(moving, so_far, strict=True)]


def _by_plan(lived: Iterable[Life]) -> Mapping[str, Sequence[Life]]:
    found: dict[str, list[Life]] = {}
    for life in lived:
        found.setdefault(life.charge.plan, []).append(life)
    return found


def boundaries(since: date, until: date, through: date) -> Sequence[date]:
    """Return the mornings between which months move: firsts of months, at last ``through``."""
    days = [since]
    while days[-1] < min(until, through):
        days.append(min(_next(days[-1]), max(through, since)))
    return days


def _months(plan: str, days: Sequence[date], sums: Sequence[Figures]) -> Iterable[FeeMonth]:
    for month, before, after in zip(days, sums, sums[1:], strict=False):
        moved = after - before
        if moved != NOTHING or before.rest:
            yield FeeMonth(
                month=month,
                plan=plan,
                opening=before.rest,
                moved=moved,
                closing=after.rest,
            )


def _next(month: date) -> date:
    years, months = divmod(month.year * 12 + month.month, 12)
    return date(years, months + 1, 1)
