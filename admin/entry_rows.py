"""Journals as rows of a table: what happened, of which order, by whom, with a way to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.visit import Visit
from admin.words import KINDS
from ledger import AccountEntry
from loyalty.exports.entries import order_of
from loyalty.ids import show
from loyalty.orders.listing import external_ids_of
from loyalty.staff import list_people


@dataclass(frozen=True, slots=True)
class OrderLink:
    """The order an entry belongs to, under the shop's number where there is one."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One journal and what it did to the figure it stands for."""

    entry: AccountEntry
    words: str
    who: str
    order: OrderLink | None
    booked_on: date | None
    """The day it is booked on, where that is not the day it took effect."""


def known_by(entries: Sequence[AccountEntry], instant: datetime | None) -> list[AccountEntry]:
    """Those that were on record by an instant; what time itself did counts from its own."""
    return [
        one
        for one in entries
        if instant is None or (one.effective_at if one.key is None else one.recorded_at) <= instant
    ]


async def entry_rows(
    connection: AsyncConnection, visit: Visit, entries: Sequence[AccountEntry]
) -> list[EntryRow]:
    """The rows of a list of journals."""
    people = by_id(await list_people(connection))
    links = await order_links(connection, {order_of(one.key) for one in entries})
    rows = []
    for one in entries:
        order = order_of(one.key)
        late = one.booked_on is not None and one.booked_on != visit.policy.day_of(one.effective_at)
        rows.append(
            EntryRow(
                one,
                visit.voice.say(KINDS[one.kind]),
                actor_words(visit.voice, one.actor, people),
                None if order is None else links.get(order),
                one.booked_on if late else None,
            )
        )
    return rows


async def order_links(
    connection: AsyncConnection, orders: set[UUID | None]
) -> dict[UUID, OrderLink]:
    """A way to each of these orders."""
    wanted = {one for one in orders if one is not None}
    names = await external_ids_of(connection, wanted)
    return {one: order_link(one, names.get(one)) for one in wanted}


def order_link(order: UUID, name: str | None) -> OrderLink:
    """A way to an order, under its number or the end of our id."""
    shown = show("ord", order)
    return OrderLink(name or f"…{shown[-6:]}", f"/console/orders/{shown}")


def cursor(entry: AccountEntry) -> str:
    """The place after an entry, for the address of the next page."""
    return f"{entry.effective_at.isoformat()}_{entry.journal}"
