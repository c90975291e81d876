"""The calendar of the books: their zone, their months, and how a month is closed for good.

A month is closed in two steps. ``begin_closing`` sends everything that belongs to it from then on
to the first day of the next. Transactions that had begun before may still book into it, so
``is_drained`` is asked, in transactions of its own, until they are over. Then whoever has proved
the books says so to ``finish_closing``. Nothing opens a closed month again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Boolean, Date, Row, bindparam, column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.errors import (
    CalendarFixed,
    LedgerError,
    PeriodClosed,
    PeriodInFlight,
    PeriodNotBegun,
    PeriodNotOver,
    PeriodOutOfOrder,
    PeriodUnknown,
    RecordedInFuture,
    UnanswerableInstant,
    UnknownAsset,
)
from ledger.period_tables import calendar as calendar_table
from ledger.period_tables import period as period_table
from ledger.reports import Calendar, Period, PeriodState
from ledger.tables import Instant, Key
from ledger.types import POINTS

_REFUSED: Final[Mapping[str, type[LedgerError]]] = MappingProxyType(
    {
        refusal.code: refusal
        for refusal in (
            PeriodUnknown,
            PeriodOutOfOrder,
            PeriodNotOver,
            PeriodNotBegun,
            PeriodInFlight,
            PeriodClosed,
        )
    }
)


async def found_books(connection: AsyncConnection, *, zone: str, on: date) -> Calendar:
    """Set the zone and the first day of the books; afterwards only the same zone is taken."""
    standing = await connection.scalar(select(func.ledger.found_books(zone, on)))
    if standing is not None:
        raise CalendarFixed(seen=standing, wanted=zone)
    return await calendar(connection)


async def calendar(connection: AsyncConnection) -> Calendar:
    """Answer the zone of the books, where they begin and where the open period begins."""
    row = (await connection.execute(_CALENDAR)).one()
    return Calendar(
        zone=row.zone,
        founded_on=row.founded_on,
        begins_on=row.begins_on,
        open_from=row.open_from,
    )


async def open_from(connection: AsyncConnection) -> date | None:
    """Answer the first day of the open period; None while no period was ever closed."""
    first: date | None = await connection.scalar(select(calendar_table.c.open_from))
    return first


async def periods(connection: AsyncConnection, *, until: date) -> Sequence[Period]:
    """List the months of the books up to that of ``until``, the first one first."""
    days = await calendar(connection)
    begun = {row.month: row for row in await connection.execute(select(period_table))}
    starts = [*begun, *([days.begins_on] if days.begins_on else [])]
    if not starts:
        return []
    month, months = first_of_month(min(starts)), []
    while month <= until:
        months.append(_period(month, begun.get(month)))
        month = next_month(month)
    return months


async def period_of(connection: AsyncConnection, day: date) -> Period:
    """Answer the period that a day belongs to."""
    month = first_of_month(day)
    row = await connection.execute(select(period_table).where(period_table.c.month == month))
    return _period(month, row.one_or_none())


async def begin_closing(
    connection: AsyncConnection, month: date, *, at: datetime, actor: str, request_id: str
) -> Period:
    """Close a month for bookings; refused: out of order, not over, already begun.

    Commit before asking ``is_drained``: whoever began earlier may still book into the month.
    """
    first = first_of_month(month)
    begun = (
        func.ledger.begin_closing(first, at, actor, request_id)
        .table_valued(column("code", Key), column("seen", Key), column("wanted", Key))
        .alias("begun")
    )
    row = (await connection.execute(select(begun))).one()
    if row.code in _REFUSED:
        raise _REFUSED[row.code](seen=row.seen, wanted=row.wanted or row.seen)
    return await period_of(connection, first)


async def is_drained(connection: AsyncConnection, month: date) -> bool:
    """Whether every transaction is over that could still book into a month that is closing.

    The first call marks whom to wait for; commit it, and call again in a new transaction.
    """
    drained = await connection.scalar(select(func.ledger.is_drained(first_of_month(month))))
    return bool(drained)


async def finish_closing(
    connection: AsyncConnection,
    month: date,
    *,
    at: datetime,
    actor: str,
    request_id: str,
    verified_by: str,
    reconciled_by: str,
) -> Period:
    """Close a month for good, naming the verification and the reconciliation that found nothing.

    Refused: not begun, a transaction still in flight; a month that is closed already.
    """
    first = first_of_month(month)
    ended = await connection.execute(
        select(func.ledger.finish_closing(first, at, actor, request_id, verified_by, reconciled_by))
    )
    code: str = ended.scalar_one()
    if code in _REFUSED:
        opens = await open_from(connection)
        raise _REFUSED[code](
            seen=first.isoformat(),
            wanted=first.isoformat() if code != PeriodClosed.code else str(opens),
        )
    return await period_of(connection, first)


async def demand_answerable(
    connection: AsyncConnection,
    *,
    asset: str = POINTS,
    on: date | None = None,
    at: datetime | None = None,
    recorded_by: datetime | None = None,
    now: datetime | None = None,
) -> str:
    """Refuse what cannot be answered rather than answer with nothing; answer the books' zone.

    ``recorded_by`` needs the caller's ``now``: what is recorded by a later instant is not known.
    """
    if recorded_by is not None:
        if now is None:
            raise TypeError("recorded_by needs now")
        if recorded_by > now:
            raise RecordedInFuture(seen=now.isoformat(), wanted=recorded_by.isoformat())
    row = (await connection.execute(_ANSWERABLE, {"asset": asset, "at": at, "on": on})).one()
    if asset != POINTS and not row.is_known:
        raise UnknownAsset(wanted=asset)
    if row.is_before:
        asked = at.isoformat() if at is not None else str(on)
        raise UnanswerableInstant(seen=row.begins_on.isoformat(), wanted=asked)
    return str(row.zone)


def first_of_month(day: date) -> date:
    """Answer the first day of a day's month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Answer the first day of the month after."""
    years, months = divmod(month.year * 12 + month.month, 12)
    return date(years, months + 1, 1)


def _period(month: date, row: Row[*tuple[Any, ...]] | None) -> Period:
    if row is None:
        return Period(month=month, state=PeriodState.OPEN)
    return Period(
        month=month,
        state=PeriodState.CLOSING if row.closed_at is None else PeriodState.CLOSED,
        closing_at=row.closing_at,
        closing_by=row.closing_by,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        verified_by=row.verified_by,
        reconciled_by=row.reconciled_by,
    )


_CALENDAR = select(
    calendar_table.c.zone,
    calendar_table.c.founded_on,
    calendar_table.c.open_from,
    func.ledger.begins_on(type_=Date()).label("begins_on"),
)

_ANSWERABLE = select(
    func.ledger.answerable(
        bindparam("asset", type_=Key), bindparam("at", type_=Instant), bindparam("on", type_=Date())
    )
    .table_valued(
        column("zone", Key),
        column("is_known", Boolean),
        column("begins_on", Date),
        column("is_before", Boolean),
    )
    .alias("answerable")
)
