"""Geometry of a drawing of what something costs, day by day: what is under the line is saved.

Many days are drawn together in equal spans, so that a drawing has at most sixty bars. Integer
arithmetic on a fixed canvas, as in `charts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from admin.charts import Line, nice_step

MOST_BARS: Final = 60
WIDTH: Final = 720
HEIGHT: Final = 240
TOP: Final = 12
FOOT: Final = 26


@dataclass(frozen=True, slots=True)
class Spent:
    """One span of days, what it cost, and its bar."""

    first: date
    last: date
    value: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CostChart:
    """Bars from a line at nought."""

    width: int
    height: int
    left: int
    zero: int
    bars: tuple[Spent, ...]
    lines: tuple[Line, ...]


def cost_chart(days: Mapping[date, int], first: date, last: date) -> CostChart:
    """Draw what each day cost, from the first to the last of them."""
    span = -(-((last - first).days + 1) // MOST_BARS)
    sums: list[tuple[date, date, int]] = []
    begins = first
    while begins <= last:
        ends = min(begins + timedelta(days=span - 1), last)
        value = sum(money for on, money in days.items() if begins <= on <= ends)
        sums.append((begins, ends, value))
        begins = ends + timedelta(days=1)
    peak = max(0, *(value for _, _, value in sums))
    dip = max(0, *(-value for _, _, value in sums))
    step = nice_step(peak + dip, lines=4)
    above, below = step * -(-peak // step), step * -(-dip // step)
    whole = max(step, above + below)
    room = HEIGHT - TOP - FOOT
    zero = TOP + room * (whole - below) // whole
    left = 30 + 7 * len(f"{whole // 100:,}")
    wide = max(2, (WIDTH - left) // len(sums))
    bars = []
    for place, (begins, ends, value) in enumerate(sums):
        tall = room * abs(value) // whole
        if value and not tall:
            tall = 1
        top = zero - tall if value > 0 else zero
        bars.append(
            Spent(begins, ends, value, left + place * wide, top, max(1, wide - 1 - wide // 6), tall)
        )
    lines = tuple(
        Line(zero - room * value // whole, value) for value in range(-below, above + 1, step)
    )
    return CostChart(WIDTH, HEIGHT, left, zero, tuple(bars), lines)
