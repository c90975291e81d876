"""What rules have given, counted: by whom it is counted, in which period, and what is left. Pure.

Limits, budgets, carried remainders and cumulative spend are one mechanism. A counter stands for a
scope (a rule), a measure, and a period, of one member or of all. A question says where counters
stand, an answer says what is to be charged to them; nothing here reads or writes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from benefits.counted import POINTS, USES, Charge, Used, periods
from benefits.language.tree import Limit


class Counters:
    """Where the counters stand that a question was asked with."""

    __slots__ = ("_starts", "_used")

    def __init__(self, used: Iterable[Used], at: datetime, zone: ZoneInfo) -> None:
        self._used = {each[:5]: each.used for each in used}
        self._starts = periods(at.astimezone(zone).date())

    def key(
        self, scope: str, measure: str, every: str, *, everyone: bool = False
    ) -> tuple[str, str, bool, str, str]:
        """The key of a counter in the period that the question falls into."""
        return scope, measure, everyone, every, self._starts[every]

    def used(self, scope: str, measure: str, every: str, *, everyone: bool = False) -> int:
        """Where a counter stands."""
        return self._used.get(self.key(scope, measure, every, everyone=everyone), 0)


class Room:
    """What is left of a rule's limits while one order is worked out."""

    __slots__ = ("_counters", "limits", "points", "reached", "scope")

    def __init__(self, scope: str, limits: Sequence[Limit], counters: Counters) -> None:
        self.scope = scope
        self.limits = limits
        self.points: dict[int, int] = {}
        """The points given so far, by line."""
        self.reached = False
        self._counters = counters

    def copy(self) -> "Room":
        """The same room, to try something in."""
        other = Room(self.scope, self.limits, self._counters)
        other.points = self.points.copy()
        other.reached = self.reached
        return other

    def gave(self, position: int, points: int) -> None:
        """Remember what the rule gave a line; without a limit of points, that it gave anything."""
        self.points[position] = self.points.get(position, 0) + points

    @property
    def counts_points(self) -> bool:
        """Whether what the rule gives is whole points of its own."""
        return any(limit.count == POINTS for limit in self.limits)

    def allowed(self, wanted: int) -> int:
        """How many of the points wanted the rule may give; a limit may rather give none."""
        given = sum(self.points.values())
        for limit in self.limits:
            left = limit.most - self._used(limit) - (given if limit.count == POINTS else 0)
            if limit.count == USES:
                left = wanted if left > 0 else 0
            if left < wanted:
                self.reached = True
                wanted = max(left, 0) if limit.partial else 0
        return wanted

    def charges(self, lines: int) -> list[Charge]:
        """What the rule's limits are to be charged with; nothing where it gave nothing."""
        if not any(self.points.values()):
            return []
        points = tuple(self.points.get(position, 0) for position in range(lines))
        once = tuple(int(position == min(self.points)) for position in range(lines))
        return [
            Charge(
                *self._key(limit),
                1,
                points if limit.count == POINTS else once,
                most=limit.most,
            )
            for limit in self.limits
            if limit.whose != "order"
        ]

    def _key(self, limit: Limit) -> tuple[str, str, bool, str, str]:
        everyone = limit.whose == "all"
        return self._counters.key(self.scope, limit.count, limit.every, everyone=everyone)

    def _used(self, limit: Limit) -> int:
        if limit.whose == "order":
            return 0
        everyone = limit.whose == "all"
        return self._counters.used(self.scope, limit.count, limit.every, everyone=everyone)


def scope_of(rule: str) -> str:
    """The scope under which the limits of a rule are counted, whatever its version."""
    return f"rule:{rule}"


def rate_scope(rule: str, position: int, points: int, per: int) -> str:
    """The scope of a carried remainder: a rate that changes begins anew."""
    return f"rule:{rule}:{position}:{points}/{per}"


def bands_scope(rule: str, position: int) -> str:
    """The scope of what is spent towards the bands of a rule."""
    return f"rule:{rule}:{position}:bands"
