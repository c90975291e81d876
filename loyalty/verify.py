"""Proves that what is stored keeps every promise: the verifiers of all four packages, in turn.

Run it in a snapshot, so that all of them look at the same instant. Nothing is repaired.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
import tiers
from loyalty.fees.verify import first_broken_fee
from loyalty.invariants import first_broken
from loyalty.membership.verify import first_broken_membership
from loyalty.orders.verify import first_broken_order
from loyalty.rewards.verify import first_broken_reward


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that is not kept, and the first row that breaks it."""

    package: str
    check: str
    row: str
    seen: str
    wanted: str


async def verify(connection: AsyncConnection) -> Sequence[Finding]:
    """Return what every verifier found; nothing when every invariant holds."""
    return [finding for find in VERIFIERS.values() for finding in await find(connection)]


async def _ledger(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("ledger", found.check, found.row, found.seen, found.wanted)
        for found in await ledger.verify(connection)
    ]


async def _tiers(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("tiers", found.check, f"member {found.member}", found.seen, found.wanted)
        for found in await tiers.verify(connection)
    ]


async def _benefits(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("benefits", found.invariant, found.row, found.detail, "none such")
        for found in await benefits.verify(connection)
    ]


async def _loyalty(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("loyalty", check, row, seen, "none such")
        for check, (row, seen) in (await first_broken(connection)).items()
    ]


async def _orders(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("orders", check, row, seen, "none such")
        for check, (row, seen) in (await first_broken_order(connection)).items()
    ]


async def _rewards(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("rewards", check, row, seen, "none such")
        for check, (row, seen) in (await first_broken_reward(connection)).items()
    ]


async def _memberships(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("memberships", check, row, seen, "none such")
        for check, (row, seen) in (await first_broken_membership(connection)).items()
    ]


async def _fees(connection: AsyncConnection) -> Sequence[Finding]:
    return [
        Finding("fees", check, row, seen, "none such")
        for check, (row, seen) in (await first_broken_fee(connection)).items()
    ]


VERIFIERS: Final[Mapping[str, Callable[[AsyncConnection], Awaitable[Sequence[Finding]]]]] = {
    "ledger": _ledger,
    "tiers": _tiers,
    "benefits": _benefits,
    "loyalty": _loyalty,
    "orders": _orders,
    "rewards": _rewards,
    "memberships": _memberships,
    "fees": _fees,
}
"""By package, in the order they run; a package with tables of its own adds its line here."""
