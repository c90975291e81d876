"""Lots as rows of a table: what is left of them, whose they are, and the order that earned them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.entry_rows import OrderLink, order_links
from ledger import CohortLot
from loyalty.members.listing import Entry, entries_of_holders
from loyalty.orders.keys import read_earn_key


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot."""

    lot: CohortLot
    member: Entry | None
    order: OrderLink | None


async def lot_rows(connection: AsyncConnection, lots: Sequence[CohortLot]) -> list[LotRow]:
    """The rows of a list of lots."""
    members = await entries_of_holders(connection, {one.holder for one in lots})
    named = {one.id: read_earn_key(one.key) for one in lots}
    orders = {one: key[0] for one, key in named.items() if key is not None}
    links = await order_links(connection, set(orders.values()))
    return [
        LotRow(
            one,
            members.get(one.holder),
            links.get(orders[one.id]) if one.id in orders else None,
        )
        for one in lots
    ]


def lot_place(lot: CohortLot) -> str:
    """The place after a lot, for the address of the next page."""
    return f"{lot.earned_at.isoformat()}_{lot.id}"
