"""Geometry of the drawings: figures in, coordinates out. Templates draw what these say.

Everything is integer arithmetic on a fixed canvas, so a drawing is the same on every machine and
a test can state it. A drawing never stands alone: its figures are in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Rise:
    """One bar: which series it belongs to and where it stands."""

    series: int
    x: int
    y: int
    width: int
    height: int
    value: int


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one month and where its name is written."""

    month: date
    middle: int
    bars: tuple[Rise, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A grid line with the figure it stands for."""

    y: int
    value: int


@dataclass(frozen=True, slots=True)
class MonthChart:
    """Bars by month on one canvas."""

    width: int
    height: int
    left: int
    floor: int
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]


def month_chart(
    months: Sequence[tuple[date, Sequence[int]]],
    *,
    width: int = 620,
    height: int = 230,
) -> MonthChart:
    """Draw several non-negative series by month as bars side by side."""
    top, foot = 12, 24
    floor = height - foot
    peak = max((value for _, values in months for value in values), default=0)
    step = nice_step(peak, lines=4)
    ceiling = step * max(1, -(-peak // step))
    left = 14 + 6 * len(f"{ceiling:,}")
    room = max(1, (width - left) // max(1, len(months)))
    groups = []
    for position, (month, values) in enumerate(months):
        start = left + position * room
        bar = max(3, min(18, (room * 7 // 10) // max(1, len(values))))
        inset = (room - bar * len(values)) // 2
        bars = []
        for series, value in enumerate(values, start=1):
            tall = (floor - top) * value // ceiling
            if value and not tall:
                tall = 1
            x = start + inset + (series - 1) * bar
            bars.append(Rise(series, x, floor - tall, bar - 1, tall, value))
        groups.append(Group(month, start + room // 2, tuple(bars)))
    lines = tuple(
        Line(floor - (floor - top) * value // ceiling, value)
        for value in range(0, ceiling + 1, step)
    )
    return MonthChart(width, height, left, floor, tuple(groups), lines)


def nice_step(peak: int, *, lines: int) -> int:
    """Choose a round distance between grid lines: 1, 2 or 5 times a power of ten."""
    rough = max(1, -(-peak // lines))
    power = int("1" + "0" * (len(str(rough)) - 1))
    for factor in (1, 2, 5, 10):
        if factor * power >= rough:
            return factor * power
    return 10 * power


def share(part: int, whole: int, *, full: int = 1000) -> int:
    """Return the length of a part on a track of `full` units, at least 1 when there is any."""
    if whole <= 0 or part <= 0:
        return 0
    return max(1, min(full, full * part // whole))
