"""What members hold and owe as of any instant: lots by age, and holders in debt."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.books import instant
from ledger.closing import demand_answerable
from ledger.reports import Ageing, AgeLine, Debt
from ledger.tables import Instant, Key
from ledger.types import POINTS, LotClass

AGES: Final = (0, 31, 91, 181, 366, 731)
"""Where the bands of ``ageing`` begin, in days since the lot was earned."""

_NOBODY = UUID(int=0)


async def ageing(
    connection: AsyncConnection,
    *,
    at: datetime,
    asset: str = POINTS,
    recorded_by: datetime | None = None,
    now: datetime | None = None,
    bands: Sequence[int] = AGES,
) -> Ageing:
    """Sum what is left of lots as of ``at``, by age, class and tier of their birth.

    It goes by booked day, as the trial balance does, whose pending, available and held it adds up
    to. ``bands`` are the first days of the bands, rising from 0.
    """
    await demand_answerable(connection, asset=asset, at=at, recorded_by=recorded_by, now=now)
    rows = await connection.execute(
        _AGEING, {"asset": asset, "at": at, "known_by": recorded_by, "bands": list(bands)}
    )
    ends = {first: following - 1 for first, following in pairwise(bands)}
    lines = [
        AgeLine(
            from_days=bands[row.band - 1],
            to_days=ends.get(bands[row.band - 1]),
            lot_class=LotClass(row.lot_class),
            tier=row.tier,
            lots=row.lots,
            pending=row.pending,
            available=row.available,
            held=row.held,
        )
        for row in rows
    ]
    return Ageing(asset=asset, at=at, recorded_by=recorded_by, lines=lines)


async def debts(
    connection: AsyncConnection,
    *,
    at: datetime,
    asset: str = POINTS,
    recorded_by: datetime | None = None,
    now: datetime | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Debt]:
    """List holders in debt as of ``at`` in the order of their ids; ``after`` is the last one seen.

    It goes by booked day, as the trial balance does, whose debt it adds up to.
    """
    await demand_answerable(connection, asset=asset, at=at, recorded_by=recorded_by, now=now)
    rows = await connection.execute(
        _DEBTS,
        {
            "asset": asset,
            "at": at,
            "known_by": recorded_by,
            "after": after or _NOBODY,
            "limit": limit,
        },
    )
    return [Debt(holder=row.holder, asset=asset, debt=row.debt, since=row.since) for row in rows]


_BAND = (
    func.ledger.ageing(
        bindparam("asset", type_=Key),
        instant("at"),
        instant("known_by"),
        bindparam("bands", type_=ARRAY(Integer)),
    )
    .table_valued(
        column("band", Integer),
        column("class", Key),
        column("tier", Key),
        column("lots", BigInteger),
        column("pending", BigInteger),
        column("available", BigInteger),
        column("held", BigInteger),
    )
    .alias("band")
)
_AGEING = select(
    _BAND.c.band,
    _BAND.c["class"].label("lot_class"),
    _BAND.c.tier,
    _BAND.c.lots,
    _BAND.c.pending,
    _BAND.c.available,
    _BAND.c.held,
)

_DEBTS = select(
    func.ledger.debts(
        bindparam("asset", type_=Key),
        instant("at"),
        instant("known_by"),
        bindparam("after", type_=Uuid()),
        bindparam("limit", type_=Integer()),
    )
    .table_valued(
        column("holder", Uuid),
        column("debt", BigInteger),
        column("since", Instant),
    )
    .alias("debt")
)
