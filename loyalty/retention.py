"""What is forgotten with time: stored answers under idempotency keys, after thirty days.

So is who tried codes that are none, after the window in which that counts. Business keys (the
shop's ids, ledger receipts) protect for ever; a request key only as long as somebody may still be
repeating the request.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.issuing.guessing import forget_guesses
from loyalty.tables import answer

KEPT: Final = timedelta(days=30)
BATCH: Final = 1_000


async def forget_answers(application: Application, cause: Cause) -> int:
    """Forget old answers, one transaction a batch; answer how many."""
    forgotten = 0
    await application.database.write(forget_guesses, at=cause.at)
    while batch := await application.database.write(forget_batch, cause.at - KEPT):
        forgotten += batch
        await asyncio.sleep(0)
    return forgotten


async def forget_batch(
    connection: AsyncConnection, recorded_before: datetime, *, limit: int = BATCH
) -> int:
    """Forget one batch of answers recorded before an instant."""
    key = (answer.c.principal, answer.c.operation, answer.c.key)
    old = (
        select(*key)
        .where(answer.c.recorded_at < recorded_before)
        .order_by(answer.c.recorded_at)
        .limit(limit)
    )
    deleted = await connection.execute(delete(answer).where(tuple_(*key).in_(old)))
    return deleted.rowcount
