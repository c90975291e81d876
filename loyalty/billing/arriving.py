"""Hints coming in: kept and put before the worker in one transaction."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.errors import StripeEventUnknown
from loyalty.billing.hints import Hint
from loyalty.billing.inbox import JOB, keep
from loyalty.billing.tables import stripe_event
from loyalty.jobs.queue import enqueue


async def take_in(connection: AsyncConnection, hint: Hint, *, at: datetime) -> bool:
    """Keep a hint of a webhook and have it looked into; False when it was kept before."""
    if not await keep(connection, hint, source="webhook", at=at):
        return False
    if hint.matters:
        await enqueue(connection, JOB, {}, once=JOB)
    return True


async def replay(connection: AsyncConnection, event: str, *, at: datetime) -> None:
    """Let a hint be looked into again, whatever came of it. Raises StripeEventUnknown."""
    again = await connection.execute(
        update(stripe_event)
        .where(stripe_event.c.id == event)
        .values(next_at=at, handled_at=None, failed_at=None, attempts=0, outcome=None)
    )
    if not again.rowcount:
        raise StripeEventUnknown(seen=event)
    await enqueue(connection, JOB, {}, once=JOB)
