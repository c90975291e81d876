"""Unpaid orders whose time is over give back what they hold; one transaction an order."""

import asyncio
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.idempotency import Attempt, Begun
from loyalty.members import Ref, lock_member
from loyalty.orders.holding import let_go
from loyalty.orders.tables import order
from loyalty.orders.types import OrderState

BATCH: Final = 200

Overdue = tuple[UUID, UUID, bool]
"""Member, order, and whether it is a guest's."""


async def release_overdue_holds(application: Application, cause: Cause) -> int:
    """Release every hold whose time is over; answers how many there were."""
    released = 0
    while True:
        async with application.database.read() as connection:
            overdue = await find_overdue(connection, cause, limit=BATCH)
        for one in overdue:
            released += await application.database.write(
                release_one, application.programme, cause, one
            )
        if len(overdue) < BATCH:
            return released
        await asyncio.sleep(0)


async def find_overdue(connection: AsyncConnection, cause: Cause, *, limit: int) -> list[Overdue]:
    """Return unpaid open orders that hold something beyond its time, the longest first."""
    rows = await connection.execute(
        select(order.c.member, order.c.id, order.c.guest)
        .where(
            order.c.hold_until <= cause.at,
            order.c.paid_at.is_(None),
            order.c.state == OrderState.OPEN.value,
        )
        .order_by(order.c.hold_until, order.c.id)
        .limit(limit)
    )
    return [(row.member, row.id, row.guest) for row in rows]


async def release_one(
    connection: AsyncConnection, programme: Programme, cause: Cause, overdue: Overdue
) -> bool:
    """Lock, look again, and release; answers whether there was still something to release."""
    whose, order_id, guest = overdue
    member = None if guest else await lock_member(connection, Ref("member", str(whose), id=whose))
    attempt = Attempt(cause.actor, "release-overdue-holds", None, b"", None, cause.at)
    return await let_go(connection, programme, cause, Begun(attempt, member, order_id))
