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


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a distribution: where it stands and which of the four tier colours it has."""

    colour: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line between two bars, the figure it stands for and who stands beyond it."""

    x: int
    colour: int
    wanted: int
    name: str
    flip: bool
    """Whether its words stand before the line, because there is no room after it."""


@dataclass(frozen=True, slots=True)
class SpreadChart:
    """How many members have how much, with the thresholds between the bars."""

    width: int
    height: int
    left: int
    top: int
    floor: int
    bars: tuple[Bar, ...]
    thresholds: tuple[Threshold, ...]
    lines: tuple[Line, ...]


def spread_chart(
    buckets: Sequence[tuple[int, int]],
    thresholds: Sequence[tuple[int, str, int]],
    *,
    width: int = 720,
    height: int = 270,
) -> SpreadChart:
    """Draw buckets of (least figure, members) equally wide, and thresholds (wanted, name, colour).

    A threshold lies where the first bucket begins whose least figure reaches it; the bars from
    there on have its colour, so that everybody under one colour has enough for that tier.
    """
    top, foot = 40, 26
    floor = height - foot
    peak = max((members for _, members in buckets), default=0)
    step = nice_step(peak, lines=4)
    ceiling = step * max(1, -(-peak // step))
    left = 14 + 6 * len(f"{ceiling:,}")
    room = max(2, (width - left) // max(1, len(buckets)))
    gap = 1 + room // 6
    bars = []
    for position, (least, members) in enumerate(buckets):
        tall = (floor - top) * members // ceiling
        colour = max((one for wanted, _, one in thresholds if wanted <= least), default=1)
        if members and not tall:
            tall = 1
        bars.append(Bar(colour, left + position * room + 1, floor - tall, room - gap, tall))
    marks = []
    for wanted, name, colour in thresholds:
        place = sum(1 for least, _ in buckets if least < wanted)
        x = left + place * room
        marks.append(Threshold(x, colour, wanted, name, flip=x > width * 5 // 6))
    lines = tuple(
        Line(floor - (floor - top) * value // ceiling, value)
        for value in range(0, ceiling + 1, step)
    )
    return SpreadChart(width, height, left, top, floor, tuple(bars), tuple(marks), lines)
