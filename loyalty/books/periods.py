"""Closing a month of the books: people begin it, a job proves and ends it.

From the moment it begins, what belongs to the month is booked in the next one. The job waits for
transactions that began earlier, has everything verified and orders reconciled with the ledger, and
closes the month only if nothing was found. Otherwise the month stays closing: whoever has cleared
what was found asks again. Nothing opens a closed month.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import PeriodState
from loyalty.books.closing import JOB, PeriodStatus, record_step, status_of
from loyalty.cause import Cause
from loyalty.jobs.queue import enqueue
from loyalty.policy import policy_at


async def list_periods(connection: AsyncConnection, *, at: datetime) -> Sequence[PeriodStatus]:
    """Return every month of the books up to now, the newest first."""
    today = (await policy_at(connection, at)).day_of(at)
    months = await ledger.periods(connection, until=today)
    return [await status_of(connection, period) for period in reversed(months)]


async def find_period(connection: AsyncConnection, month: date) -> PeriodStatus:
    """Return one month; ``PeriodUnknown`` before the books began."""
    days = await ledger.calendar(connection)
    if days.begins_on is None or month < days.begins_on.replace(day=1):
        raise ledger.PeriodUnknown(wanted=f"{month:%Y-%m}", seen=str(days.begins_on))
    return await status_of(connection, await ledger.period_of(connection, month))


async def close_period(connection: AsyncConnection, cause: Cause, month: date) -> PeriodStatus:
    """Begin to close a month, or try again to end it; a job does the rest.

    Refused are a month that is not over and one whose turn it is not. One that is closed already
    is answered as it stands.
    """
    before = await ledger.period_of(connection, month)
    period = await ledger.begin_closing(
        connection, month, at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    if before.state is PeriodState.OPEN:
        await record_step(connection, cause, "begin-closing", period)
    if period.state is PeriodState.CLOSING:
        day = period.month.isoformat()
        await enqueue(connection, JOB, {"month": day}, once=f"{JOB}:{day}")
    return await status_of(connection, period)
