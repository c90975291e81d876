"""Assets as tier metrics: what an asset earned, as activity that a ladder counts. Pure.

A gain is known by what earned it, so the same one is told once: a shipment of an order, or the lot
itself. What was given by hand is taken back by hand, the oldest first; returns take back what their
shipments earned; spending and expiry change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from loyalty.policy import POINTS
from tiers import Activity, Ladder


@dataclass(frozen=True, slots=True)
class Gain:
    """What an asset earned: known by what earned it (a shipment), or by its lot."""

    asset: str
    source: UUID
    on: date
    amount: int
    by_hand: bool = False

    def activity(self) -> Activity:
        """Return it as the ladder counts it; what was given by hand stands under its lot alone."""
        mark = self.source if self.by_hand else gain_mark(self.source, self.asset)
        return Activity(self.source, mark, self.on, self.amount, asset=self.asset)


def gains_of(ladder: Ladder | None, shipment: UUID, on: date, points: int) -> list[Activity]:
    """Return what a shipment earned as activity, where the ladder counts points."""
    if ladder is None or not points or POINTS not in ladder.assets:
        return []
    return [Gain(POINTS, shipment, on, points).activity()]


def gain_mark(source: UUID, asset: str) -> UUID:
    """Return the id of what a source earned of one asset; never an id of anything else."""
    return UUID(bytes=sha256(source.bytes + asset.encode()).digest()[:16])


def corrected(
    activities: Sequence[Activity], asset: str, taken: Mapping[UUID, int]
) -> list[Activity]:
    """Return the gains of an asset of which something is taken back now, by their sources."""
    marks = {gain_mark(source, asset): amount for source, amount in taken.items() if amount}
    return [
        replace(one, returned=min(one.purchases, one.returned + marks[one.shipment]))
        for one in activities
        if one.asset == asset and one.shipment in marks
    ]


def taken_by_hand(activities: Sequence[Activity], asset: str, amount: int) -> list[Activity]:
    """Return the gifts that a taking by hand takes back, oldest first; what is beyond is spent."""
    gifts = [
        one
        for one in activities
        if one.asset == asset and one.order == one.shipment and one.remaining
    ]
    found = []
    for one in sorted(gifts, key=lambda gift: (gift.on, gift.shipment)):
        part = min(one.remaining, amount)
        amount -= part
        if part:
            found.append(replace(one, returned=one.returned + part))
    return found
