"""What a ladder is told of a member's past: shipments, what they earned, what came back. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from loyalty.gains import corrected, gains_of
from loyalty.orders.returns import TakenBack
from loyalty.policy import POINTS
from tiers import Activity, Ladder

Earned = Mapping[UUID, Sequence[int]]
"""The points of each line of an order."""
Move = tuple[str | None, str] | None


@dataclass(slots=True)
class Told:
    """Events in the order of time, each with the activity as it stood after it."""

    ladder: Ladder
    events: list[tuple[date, tuple[Activity, ...]]] = field(default_factory=list)
    _bought: dict[UUID, Activity] = field(default_factory=dict)
    _gained: dict[UUID, tuple[Activity, ...]] = field(default_factory=dict)

    def sell(self, bought: Activity, points: int) -> None:
        """Tell of a shipment and of the points it earned."""
        self._bought[bought.order] = bought
        gains = gains_of(self.ladder, bought.shipment, bought.on, points)
        self._gained[bought.order] = tuple(gains)
        self.events.append((bought.on, (bought, *gains)))

    def take_back(self, on: date, taken: Mapping[UUID, Iterable[TakenBack]]) -> None:
        """Tell what came back in one return, of every order, and of what that had earned."""
        told: list[Activity] = []
        for order, of_order in taken.items():
            parts = list(of_order)
            before = self._bought[order]
            returned = before.returned + sum(part.purchases for part in parts)
            self._bought[order] = replace(before, returned=returned)
            earned = {before.shipment: sum(part.earn for part in parts)}
            gains = corrected(self._gained[order], POINTS, earned)
            if gains:
                self._gained[order] = tuple(gains)
            told += [self._bought[order], *gains]
        if told:
            self.events.append((on, tuple(told)))


def joined(moves: Sequence[Move]) -> Move:
    """Return where several moves lead together."""
    made = [move for move in moves if move is not None]
    if not made or made[0][0] == made[-1][1]:
        return None
    return made[0][0], made[-1][1]
