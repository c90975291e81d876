"""Orders in a list: the latest of the programme, or of one member; one statement a page.

Pages are keyed by (placed, id) of the last order seen, so a later page costs what the first does.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Uuid, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.members import absorbed_members
from loyalty.names import ORDER
from loyalty.orders.tables import order, return_
from loyalty.tables import name

MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One order as a list shows it; `member` is None for a guest's."""

    id: UUID
    external_id: str | None
    member: UUID | None
    placed_at: datetime
    state: str
    returned: bool
    currency: str
    payable: int
    points: int
    earn: int


async def latest_orders(
    connection: AsyncConnection, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> Sequence[Entry]:
    """Return the orders placed last, from before the one named."""
    return await _read(connection, _ENTRIES, limit, before)


async def orders_of(
    connection: AsyncConnection,
    member: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> Sequence[Entry]:
    """Return a member's orders, the latest first, from before the one named.

    Those of whoever was merged into them are theirs, too.
    """
    everybody = [member, *await absorbed_members(connection, member)]
    return await _read(connection, _ENTRIES.where(order.c.member.in_(everybody)), limit, before)


async def find_order_id(connection: AsyncConnection, external_id: str) -> UUID | None:
    """Return our id of an order by the shop's."""
    found = await connection.execute(
        select(name.c.id).where(name.c.kind == ORDER, name.c.name == external_id)
    )
    return found.scalar_one_or_none()


async def external_id_of(connection: AsyncConnection, order_id: UUID) -> str | None:
    """Return the shop's id of an order."""
    found = await connection.execute(select(external_id(literal(order_id, Uuid))))
    return found.scalar_one_or_none()


def external_id(order_id: ColumnElement[UUID]) -> ScalarSelect[str]:
    """Publish the shop's id of an order as a scalar, to be joined."""
    named = select(name.c.name).where(name.c.kind == ORDER, name.c.id == order_id)
    return named.limit(1).scalar_subquery()


async def external_ids_of(
    connection: AsyncConnection, orders: Collection[UUID]
) -> Mapping[UUID, str]:
    """Return the shop's ids of these orders, in one statement; an order without one is left out."""
    if not orders:
        return {}
    found = await connection.execute(
        select(name.c.id, name.c.name).where(name.c.kind == ORDER, name.c.id.in_(sorted(orders)))
    )
    return {row.id: row.name for row in found}


async def _read(
    connection: AsyncConnection,
    entries: Select[*tuple[Any, ...]],
    limit: int,
    before: tuple[datetime, UUID] | None,
) -> Sequence[Entry]:
    if before is not None:
        entries = entries.where(tuple_(order.c.placed_at, order.c.id) < tuple_(*before))
    rows = await connection.execute(entries.limit(min(limit, MOST_LISTED)))
    return [
        Entry(
            id=row.id,
            external_id=row.external_id,
            member=None if row.guest else row.member,
            placed_at=row.placed_at,
            state=row.state,
            returned=row.returned,
            currency=row.currency,
            payable=row.total + row.shipping_total,
            points=row.points + row.shipping_points,
            earn=row.earn,
        )
        for row in rows
    ]


_RETURNED: Final = (
    select(return_.c.id)
    .where(return_.c.member == order.c.member, return_.c.order_id == order.c.id)
    .exists()
)
_ENTRIES: Final = select(
    order.c.id,
    external_id(order.c.id).label("external_id"),
    order.c.member,
    order.c.guest,
    order.c.placed_at,
    order.c.state,
    _RETURNED.label("returned"),
    order.c.currency,
    order.c.total,
    order.c.shipping_total,
    order.c.points,
    order.c.shipping_points,
    order.c.earn,
).order_by(order.c.placed_at.desc(), order.c.id.desc())
