"""The job that ends the closing of a month: it waits, proves, reconciles, and closes if all hold.

Otherwise the month stays closing, and its status says what stands in the way.
"""

import asyncio
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from ledger import Period, PeriodState
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import show
from loyalty.reconciliation import latest, open_items, reconcile
from loyalty.verification import Verification, latest_verification, verify_books

JOB: Final = "close-period"
WAITS_SECONDS: Final = 60.0
LOOKS_EACH_SECONDS: Final = 0.2


class Obstacle(StrEnum):
    """Why a month that is closing is not closed yet."""

    UNDER_WAY = "under-way"
    FINDINGS = "findings"
    RECONCILIATION = "reconciliation"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodStatus:
    """One month, and while it is closing what stands in the way.

    ``verification`` and ``open_items`` are those of the attempt to close it: the proof made since
    it began, and how many differences between orders and ledger nobody has explained.
    """

    period: Period
    obstacle: Obstacle | None
    verification: Verification | None
    open_items: int


async def finish_period(application: Application, cause: Cause, month: str) -> int:
    """End the closing of a month if nothing stands in the way; answers how many it closed."""
    first = date.fromisoformat(month)
    async with application.database.read() as connection:
        if (await ledger.period_of(connection, first)).state is not PeriodState.CLOSING:
            return 0
    await _wait(application, first)
    verification = await verify_books(application, cause)
    if not verification.clean:
        return 0
    end = await application.database.write(
        partial(_finish, verification=verification), cause, first
    )
    return int(end.period.state is PeriodState.CLOSED)


async def _wait(application: Application, month: date) -> None:
    """Wait until nobody can book into the month any more; each look is a transaction."""
    for _ in range(int(WAITS_SECONDS / LOOKS_EACH_SECONDS)):
        if await application.database.write(ledger.is_drained, month):
            return
        await asyncio.sleep(LOOKS_EACH_SECONDS)
    raise ledger.PeriodInFlight(wanted=f"{month:%Y-%m}")


async def _finish(
    connection: AsyncConnection, cause: Cause, month: date, *, verification: Verification
) -> PeriodStatus:
    until = _next(month)
    runs = await reconcile(connection, cause, since=month, until=until)
    if not await open_items(connection, since=month, until=until):
        period = await ledger.finish_closing(
            connection,
            month,
            at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
            verified_by=show("ver", verification.id),
            reconciled_by=",".join(str(run.number) for run in runs),
        )
        await record_step(connection, cause, "close", period)
    return await status_of(connection, await ledger.period_of(connection, month))


async def status_of(connection: AsyncConnection, period: Period) -> PeriodStatus:
    """Return a month with what stands in the way of its end, as far as is known."""
    if period.state is not PeriodState.CLOSING:
        return PeriodStatus(period=period, obstacle=None, verification=None, open_items=0)
    proof = await latest_verification(connection, since=period.closing_at)
    span = {"since": period.month, "until": _next(period.month)}
    unexplained = len(await open_items(connection, **span))
    if proof is not None and not proof.clean:
        obstacle = Obstacle.FINDINGS
    elif unexplained and await latest(connection, **span):
        obstacle = Obstacle.RECONCILIATION
    else:
        obstacle = Obstacle.UNDER_WAY
    return PeriodStatus(
        period=period, obstacle=obstacle, verification=proof, open_items=unexplained
    )


async def record_step(
    connection: AsyncConnection, cause: Cause, action: str, period: Period
) -> None:
    """Keep a step of a month's closing in the trail."""
    await record_change(
        connection,
        cause,
        subject_kind="period",
        subject=f"{period.month:%Y-%m}",
        action=action,
        after={
            "state": period.state.value,
            "verified_by": period.verified_by,
            "reconciled_by": period.reconciled_by,
        },
    )


def _next(month: date) -> date:
    years, months = divmod(month.year * 12 + month.month, 12)
    return date(years, months + 1, 1)
