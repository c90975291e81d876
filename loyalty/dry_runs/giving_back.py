"""What came back of past orders, in its turn among them: limits get back what it had taken.

What waits is what is still to come back of orders that were decided, so it does not grow with them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from uuid import UUID

from benefits import Charge, Counting
from loyalty.dry_runs.types import PastOrder
from loyalty.orders.types import History
from loyalty.orders.uses import charged_use, moved_uses

_Due = tuple[datetime, int, Charge, UUID, int]


class Settling:
    """Counts what decisions take, and gives back what came back of their orders."""

    def __init__(self, counting: Counting) -> None:
        """Begin with nothing to come back."""
        self.counting = counting
        self._due: list[_Due] = []
        self._turn = 0

    def settle(self, until: datetime) -> None:
        """Give back what came back up to an instant."""
        while self._due and self._due[0][0] <= until:
            _, _, charge, member, amount = heappop(self._due)
            self.counting.give_back(charge, member, amount)

    def take(self, past: PastOrder, charges: Sequence[Charge]) -> None:
        """Count what the decision of an order takes, and remember what comes back of it."""
        self.counting.take(charges, past.member, past.question.at)
        history = past.history
        if not history.returns and len(history.shipments) == 1 and history.shipments[0].whole:
            return
        for charge in charges:
            if charge.taken and self.counting.counts(charge.scope):
                for at, amount in _coming_back(past, charge):
                    self._turn += 1
                    heappush(self._due, (at, self._turn, charge, past.member, amount))


def _coming_back(past: PastOrder, charge: Charge) -> Iterator[tuple[datetime, int]]:
    """When how much comes back of what an order took."""
    use = charged_use(past.member, past.history.order.id, charge)
    for at, stood in _stages(past.history):
        for moved in moved_uses([use], stood):
            if moved.given_back != use.given_back:
                yield at, moved.given_back - use.given_back
            use = moved


def _stages(history: History) -> Iterator[tuple[datetime, History]]:
    """The order after every step, shipments before returns, and when that had happened."""
    stood, at = History(history.order), history.order.placed_at
    for shipment in history.shipments:
        stood, at = stood.with_shipment(shipment), max(at, shipment.at)
        yield at, stood
    for returned in history.returns:
        stood, at = stood.with_return(returned), max(at, returned.at)
        yield at, stood
