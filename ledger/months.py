"""The points of the books month by month, from opening to closing, and what each figure is.

Months go by booked day. What time has made due and nobody has posted yet counts in the month in
which it fell due, or in the open one where that is closed, as the trial balance counts it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, Integer, Uuid, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.books import due_pairs, monthly_pairs
from ledger.closing import demand_answerable, first_of_month, next_month
from ledger.reports import Breakdown, Component, RollForward
from ledger.rolling import ACCOUNT_OF, Pair, roll
from ledger.tables import Instant, Key
from ledger.types import POINTS, Account, AccountEntry, Kind

MOMENT: Final = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)
_LARGEST_ID = UUID(int=2**128 - 1)


async def roll_forward(
    connection: AsyncConnection,
    *,
    since: date,
    until: date,
    at: datetime,
    by: Breakdown = Breakdown.NONE,
    recorded_by: datetime | None = None,
    asset: str = POINTS,
) -> RollForward:
    """Roll the points forward through the months of ``[since, until)``.

    A day within a month stands for all of it. ``at`` is the caller's present: up to it counts what
    time has made due, and no ``recorded_by`` may lie after it. Read it in a snapshot. Months of a
    closed period answer the same for ever.
    """
    first = first_of_month(since)
    end = next_month(first_of_month(until - timedelta(days=1)))
    zone = await demand_answerable(
        connection,
        asset=asset,
        on=next_month(first) - timedelta(days=1),
        recorded_by=recorded_by,
        now=at,
    )
    booked = await monthly_pairs(
        connection, asset=asset, since=first, until=end, known_by=recorded_by
    )
    months = _months(first, end)
    by_then = partial(due_pairs, connection, asset=asset, known_by=recorded_by)
    due = await _due_by_month(by_then, months, at, ZoneInfo(zone))
    moved = [*booked, *due]
    totals = roll(moved, months, Breakdown.NONE)
    lines = totals if by is Breakdown.NONE else roll(moved, months, by)
    return RollForward(
        asset=asset,
        since=first,
        until=end,
        at=at,
        recorded_by=recorded_by,
        by=by,
        totals=totals,
        lines=lines,
    )


async def booked_entries(
    connection: AsyncConnection,
    what: Account | Component,
    *,
    since: date,
    until: date,
    lot_class: str | None = None,
    tier: str | None = None,
    kind: Kind | None = None,
    asset: str = POINTS,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[AccountEntry]:
    """List the journals that a figure of the books is made of, latest effective first.

    ``since`` and ``until`` are booked days; ``lot_class`` and ``tier`` are what the lots were born
    with, empty for none. ``before`` is (effective instant, journal id) of the last one seen.
    """
    last_at, last_id = before or (_LAST, _LARGEST_ID)
    account = ACCOUNT_OF.get(what, "repaid") if isinstance(what, Component) else what
    rows = await connection.execute(
        _ENTRIES,
        {
            "account": str(account),
            "asset": asset,
            "since": since,
            "until": until,
            "class": lot_class,
            "tier": tier,
            "kind": None if kind is None else kind.value,
            "last_at": last_at,
            "last_id": last_id,
            "limit": limit,
        },
    )
    return [AccountEntry(**{**row, "kind": Kind(row["kind"])}) for row in rows.mappings()]


def _months(first: date, end: date) -> Sequence[date]:
    months = []
    while first < end:
        months.append(first)
        first = next_month(first)
    return months


async def _due_by_month(
    due_at: Callable[..., Awaitable[Sequence[Pair]]],
    months: Sequence[date],
    at: datetime,
    zone: ZoneInfo,
) -> Sequence[Pair]:
    """What time has added by the end of each month, less what it had by the end of the one before.

    Most often nothing is due by now, and then it was not at any earlier end either.
    """
    if not await due_at(at=at):
        return []
    told: list[Pair] = []
    before: Sequence[Pair] = ()
    for month, begins in [(None, months[0]), *((month, next_month(month)) for month in months)]:
        ends = datetime.combine(begins, time(), zone).astimezone(UTC) - MOMENT
        by_then = await due_at(at=min(ends, at))
        told += [replace(pair, month=month) for pair in by_then]
        told += [replace(pair, month=month, amount=-pair.amount) for pair in before]
        before = by_then
    return told


_ENTRIES = select(
    func.ledger.booked_entries(
        bindparam("account", type_=Key),
        bindparam("asset", type_=Key),
        bindparam("since", type_=Date()),
        bindparam("until", type_=Date()),
        bindparam("class", type_=Key),
        bindparam("tier", type_=Key),
        bindparam("kind", type_=Key),
        bindparam("last_at", type_=Instant),
        bindparam("last_id", type_=Uuid()),
        bindparam("limit", type_=Integer()),
    )
    .table_valued(
        column("holder", Uuid),
        column("journal", Uuid),
        column("kind", Key),
        column("key", Key),
        column("effective_at", Instant),
        column("recorded_at", Instant),
        column("booked_on", Date),
        column("reason", Key),
        column("actor", Key),
        column("labels", JSONB),
        column("debit", BigInteger),
        column("credit", BigInteger),
    )
    .alias("entry")
)
