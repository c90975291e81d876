"""Who would have gained by joining a plan: savings of past orders against a fee. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

MOST_NAMED: Final = 20
"""How many of those who would have gained are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """One member as if they had had the plan: what it would have saved with their orders."""

    member: UUID
    orders: int
    saved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A plan over past orders, in minor units; whoever saved more than the fee gained.

    ``undecided`` orders could not be decided again, guests' are passed over.
    """

    fee: int
    decided: int
    undecided: int
    joiners: Sequence[Joiner]
    """All members with orders, who would have saved most first."""

    @property
    def gainers(self) -> list[Joiner]:
        """Those who would have saved more than the fee."""
        return [one for one in self.joiners if one.saved > self.fee]

    def brought(self, joiners: Sequence[Joiner]) -> int:
        """Return the fees of those who join."""
        return self.fee * len(joiners)

    def cost(self, joiners: Sequence[Joiner]) -> int:
        """Return what the plan's rules take off their orders."""
        return sum(one.saved for one in joiners)


def figures_of(joining: Joining) -> dict[str, Any]:
    """All of it as plain JSON values: whoever gained, and what their joining comes to."""

    def balance(joiners: Sequence[Joiner]) -> dict[str, int]:
        return {
            "members": len(joiners),
            "brought": joining.brought(joiners),
            "cost": joining.cost(joiners),
        }

    return {
        "decided": joining.decided,
        "undecided": joining.undecided,
        "gainers": balance(joining.gainers),
        "all": balance(joining.joiners),
        "gain_most": [
            {"member": str(one.member), "orders": one.orders, "saved": one.saved}
            for one in joining.gainers[:MOST_NAMED]
        ],
    }


def joining_of(
    fee: int, saved: Mapping[UUID, Sequence[int]], *, decided: int, undecided: int
) -> Joining:
    """Return the figures, given what was saved with each order of each member."""
    joiners = [
        Joiner(member=member, orders=len(orders), saved=sum(orders))
        for member, orders in saved.items()
    ]
    joiners.sort(key=lambda one: (-one.saved, one.member))
    return Joining(fee=fee, decided=decided, undecided=undecided, joiners=joiners)
