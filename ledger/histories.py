"""One wallet as of any instant: by when things took effect, and by what was recorded by then.

``wallet`` answers the present and costs one row. These answer the past from the journal itself,
so they cost what the wallet has lived through.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.books import instant
from ledger.closing import demand_answerable
from ledger.months import MOMENT
from ledger.reports import Balance, Outstanding, Statement
from ledger.tables import Instant, Key
from ledger.types import POINTS, Kind, Movement

_FIRST = datetime.min.replace(tzinfo=UTC)


async def wallet_as_of(
    connection: AsyncConnection,
    holder: UUID,
    *,
    at: datetime,
    asset: str = POINTS,
    recorded_by: datetime | None = None,
    now: datetime | None = None,
) -> Balance:
    """Answer a wallet's counters as of ``at`` by effective time, however long ago that is.

    With ``recorded_by`` (which needs the caller's ``now``) only what was recorded by then. What
    time has made due counts, posted or not. An event that was recorded late counts from when it
    took effect, so a counter may have been below zero then.
    """
    await demand_answerable(connection, asset=asset, at=at, recorded_by=recorded_by, now=now)
    stood = await _stood(connection, holder, asset, at, recorded_by)
    return Balance(
        holder=holder,
        asset=asset,
        at=at,
        recorded_by=recorded_by,
        pending=stood.pending,
        available=stood.available,
        held=stood.held,
        debt=stood.debt,
    )


async def statement(
    connection: AsyncConnection,
    holder: UUID,
    *,
    since: datetime,
    until: datetime,
    asset: str = POINTS,
    recorded_by: datetime | None = None,
    now: datetime | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 500,
) -> Statement:
    """List a wallet's movements in ``[since, until)`` in the order in which they took effect.

    ``after`` is (effective instant, sequence) of the last one seen. What time has made due and
    nobody has posted is no movement yet, so opening and closing leave it out, too.
    """
    await demand_answerable(connection, asset=asset, at=since, recorded_by=recorded_by, now=now)
    last_at, last_sequence = after or (_FIRST, 0)
    rows = await connection.execute(
        _MOVEMENTS,
        {
            "holder": holder,
            "asset": asset,
            "since": since,
            "until": until,
            "known_by": recorded_by,
            "last_at": last_at,
            "last_sequence": last_sequence,
            "limit": limit,
        },
    )
    movements = [
        Movement(**{**row, "holder": holder, "asset": asset, "kind": Kind(row["kind"])})
        for row in rows.mappings()
    ]
    return Statement(
        holder=holder,
        asset=asset,
        since=since,
        until=until,
        recorded_by=recorded_by,
        opening=await _stood(connection, holder, asset, since - MOMENT, recorded_by, posted=True),
        movements=movements,
        closing=await _stood(connection, holder, asset, until - MOMENT, recorded_by, posted=True),
    )


async def _stood(
    connection: AsyncConnection,
    holder: UUID,
    asset: str,
    at: datetime,
    known_by: datetime | None,
    *,
    posted: bool = False,
) -> Outstanding:
    asked = {"holder": holder, "asset": asset, "at": at, "known_by": known_by, "posted": posted}
    row = (await connection.execute(_BALANCE, asked)).one()
    return Outstanding(pending=row.pending, available=row.available, held=row.held, debt=row.debt)


_WHO = bindparam("holder", type_=Uuid())
_ASSET = bindparam("asset", type_=Key)

_BALANCE = select(
    func.ledger.balance_at(_WHO, _ASSET, instant("at"), instant("known_by"), bindparam("posted"))
    .table_valued(
        column("pending", BigInteger),
        column("available", BigInteger),
        column("held", BigInteger),
        column("debt", BigInteger),
    )
    .alias("balance")
)

_MOVEMENTS = select(
    func.ledger.movements(
        _WHO,
        _ASSET,
        bindparam("since", type_=Instant),
        bindparam("until", type_=Instant),
        instant("known_by"),
        bindparam("last_at", type_=Instant),
        bindparam("last_sequence", type_=BigInteger()),
        bindparam("limit", type_=Integer()),
    )
    .table_valued(
        column("journal", Uuid),
        column("sequence", BigInteger),
        column("kind", Key),
        column("key", Key),
        column("refers_to", Uuid),
        column("effective_at", Instant),
        column("recorded_at", Instant),
        column("reason", Key),
        column("actor", Key),
        column("labels", JSONB),
        column("change", BigInteger),
        column("available_change", BigInteger),
        column("balance", BigInteger),
        column("available", BigInteger),
    )
    .alias("movement")
)
