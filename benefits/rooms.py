"""What is left of all limits while one order is worked out: rules', groups', vouchers'. Pure.

A room is made when the first candidate asks for it and shared by all whom its limits bind. Trying
something out is done in a copy.
"""

from zoneinfo import ZoneInfo

from benefits.counted import Charge, Limit
from benefits.counting import Allowance, Counters, Room
from benefits.types import Question

Bound = tuple[str, tuple[Limit, ...], str]
"""A scope, its limits, and whose use it is that they count."""


class Rooms:
    """The rooms of one order."""

    __slots__ = ("_counters", "_found", "_in_turn", "_question")

    def __init__(self, question: Question, *, in_turn: bool = False) -> None:
        """Begin with no room; `in_turn` says how limits were looked at until revision 3."""
        self._question = question
        self._in_turn = in_turn
        self._counters: Counters | None = None
        self._found: dict[str, Room] = {}

    def copy(self) -> "Rooms":
        """The same rooms, to try something in."""
        other = Rooms(self._question, in_turn=self._in_turn)
        other._counters = self._counters
        other._found = {scope: room.copy() for scope, room in self._found.items()}
        return other

    def of(self, bounds: tuple[Bound, ...], home: ZoneInfo) -> Allowance | None:
        """What those may still give whom these limits bind; None where nothing bounds them.

        A guest has nothing left of a limit for each member.
        """
        if not bounds:
            return None
        question = self._question
        if self._counters is None:
            self._counters = Counters(question.used, question.at, home)
        rooms = []
        for scope, limits, user in bounds:
            room = self._found.get(scope)
            if room is None:
                room = self._found[scope] = Room(scope, limits, self._counters)
            rooms.append((room, user))
        return Allowance(rooms, member=question.facts.member, in_turn=self._in_turn)

    def charges(self, lines: int) -> list[Charge]:
        """What all limits are to be charged with."""
        return [charge for room in self._found.values() for charge in room.charges(lines)]
