"""What was given, counted: by whom it is counted, in which period, and what is left. Pure.

Limits, budgets, carried remainders and cumulative spend are one mechanism. A counter stands for a
scope (a rule, a group of rules, a voucher definition), a measure, and a period, of one member or of
all. A question says where counters stand, an answer says what is to be charged to them; nothing
here reads or writes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from benefits.counted import (
    POINTS,
    SHIPPING,
    USES,
    Charge,
    Limit,
    Reached,
    Used,
    next_period,
    periods,
)


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
    """What is left of the limits of one scope while an order is worked out."""

    __slots__ = ("_counters", "_given", "_users", "limits", "scope")

    def __init__(self, scope: str, limits: Sequence[Limit], counters: Counters) -> None:
        self.scope = scope
        self.limits = limits
        self._counters = counters
        self._given: dict[str, dict[int, int]] = {}
        self._users: dict[str, int] = {}

    def copy(self) -> "Room":
        """The same room, to try something in."""
        other = Room(self.scope, self.limits, self._counters)
        other._given = {measure: by_line.copy() for measure, by_line in self._given.items()}
        other._users = self._users.copy()
        return other

    def gave(self, position: int, amount: int, measure: str, user: str) -> None:
        """Remember what was given, on which line, by whom."""
        by_line = self._given.setdefault(measure, {})
        by_line[position] = by_line.get(position, 0) + amount
        self._users[user] = max(SHIPPING, min(position, self._users.get(user, position)))

    def bounding(self, measure: str, user: str) -> list[tuple[int, Limit]]:
        """The limits that bound what is given, each with what is left of it."""
        lefts = ((self._left(limit, measure, user), limit) for limit in self.limits)
        return [(left, limit) for left, limit in lefts if left is not None]

    def reached(self, limit: Limit) -> Reached:
        """A limit with where it stood before the order."""
        used, until = 0, None
        if limit.whose != "order":
            until = next_period(limit.every, self._key(limit)[-1])
            used = self._used(limit)
        return Reached(limit.count, limit.whose, limit.every, used, limit.most, until)

    def charges(self, lines: int) -> list[Charge]:
        """What the limits are to be charged with; nothing where nothing was given."""
        charges = []
        for limit in self.limits:
            parts = self._parts(limit)
            if limit.whose != "order" and any(parts.values()):
                whole = tuple(parts.get(position, 0) for position in range(lines))
                shipping = parts.get(SHIPPING, 0)
                key = self._key(limit)
                charges.append(Charge(*key, 1, whole, most=limit.most, shipping=shipping))
        return charges

    def _parts(self, limit: Limit) -> dict[int, int]:
        if limit.count != USES:
            return self._given.get(limit.count, {})
        parts: dict[int, int] = {}
        for position in self._users.values():
            parts[position] = parts.get(position, 0) + 1
        return parts

    def _left(self, limit: Limit, measure: str, user: str) -> int | None:
        """What is left of a limit; None where it does not bound what is given."""
        if limit.count == USES:
            if user in self._users or limit.most - self._used(limit) > len(self._users):
                return None
            return 0
        if limit.count != measure:
            return None
        return limit.most - self._used(limit) - sum(self._given.get(measure, {}).values())

    def _key(self, limit: Limit) -> tuple[str, str, bool, str, str]:
        everyone = limit.whose == "all"
        return self._counters.key(self.scope, limit.count, limit.every, everyone=everyone)

    def _used(self, limit: Limit) -> int:
        if limit.whose == "order":
            return 0
        everyone = limit.whose == "all"
        return self._counters.used(self.scope, limit.count, limit.every, everyone=everyone)


class Allowance:
    """What one rule may still give, once or for one voucher: all the limits that bind it.

    Limits that give what is left are looked at before those that rather give nothing, and of each
    kind the strictest decides, so it does not matter in which order they stand. Until revision 3
    they were looked at `in_turn`.
    """

    __slots__ = ("_in_turn", "_rooms", "members_only", "reached")

    def __init__(
        self, rooms: Sequence[tuple[Room, str]], *, member: bool, in_turn: bool = False
    ) -> None:
        self._rooms = rooms
        self._in_turn = in_turn
        limits = (limit for room, _ in rooms for limit in room.limits)
        self.members_only = not member and any(limit.whose == "member" for limit in limits)
        self.reached: Reached | None = None
        """The limit that left less than was wanted, the last time it was asked."""

    @property
    def counts_points(self) -> bool:
        """Whether what is earned is whole points of the rule's own."""
        return any(limit.count == POINTS for room, _ in self._rooms for limit in room.limits)

    def allowed(self, wanted: int, measure: str = POINTS) -> int:
        """How much of what is wanted may be given; a limit may rather give none."""
        if self.members_only:
            return 0
        found = [
            (left, room, limit)
            for room, user in self._rooms
            for left, limit in room.bounding(measure, user)
        ]
        if not self._in_turn:
            found.sort(key=_strictness)
        for left, room, limit in found:
            if left < wanted:
                wanted = max(left, 0) if limit.partial else 0
                self.reached = room.reached(limit)
        return wanted

    @property
    def fate(self) -> str | None:
        """Why nothing was given, where that was for a limit."""
        if self.members_only:
            return "members-only"
        return None if self.reached is None else self.reached.code

    def gave(self, position: int, amount: int, measure: str = POINTS) -> None:
        """Remember what the rule gave a line, and with it that it was used."""
        for room, user in self._rooms:
            room.gave(position, amount, measure, user)


def _strictness(bound: tuple[int, Room, Limit]) -> tuple[bool, int, str, str, str, str]:
    """Those that give what is left come first, each kind by how little that is."""
    left, room, limit = bound
    return not limit.partial, left, room.scope, limit.count, limit.whose, limit.every


def scope_of(rule: str) -> str:
    """The scope under which the limits of a rule are counted, whatever its version."""
    return f"rule:{rule}"


def group_scope(group: str) -> str:
    """The scope under which the limits of a group of rules are counted."""
    return f"group:{group}"


def voucher_scope(definition: str) -> str:
    """The scope under which the limits of a voucher definition are counted."""
    return f"voucher:{definition}"


def rate_scope(rule: str, position: int, points: int, per: int) -> str:
    """The scope of a carried remainder: a rate that changes begins anew."""
    return f"rule:{rule}:{position}:{points}/{per}"


def bands_scope(rule: str, position: int) -> str:
    """The scope of what is spent towards the bands of a rule."""
    return f"rule:{rule}:{position}:bands"
