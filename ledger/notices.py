"""Whom to tell, and of which points: those that need a notice to lapse, and those that do not.

A page is whole holders, in the order of their ids, so that one message can name all of a holder's
lots.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import tables
from ledger.tables import Instant
from ledger.types import EndingLot, LotClass

NOTICE: Final = timedelta(days=30)
"""How long after a notice points live at least; ``ledger.lapse`` in SQL says the same."""

_FIRST = UUID(int=0)


async def lots_to_notify(
    connection: AsyncConnection,
    *,
    at: datetime,
    until: datetime,
    after: UUID | None = None,
    limit: int = 500,
) -> Sequence[EndingLot]:
    """List open lots that end before ``until`` but cannot lapse until their holder is told.

    Their ``expires_at`` is when they lapse if the notice goes out ``at`` now; a notice more than
    60 days ahead of the end counts as none. ``limit`` counts holders, ``after`` is the last seen.
    """
    lot = tables.lot.c
    waits = lot.open & lot.notice & lot.expires_at.is_(None) & (lot.ends_at < until)
    lapse = func.greatest(lot.ends_at, literal(at + NOTICE, Instant)).label("expires_at")
    holders = _page(select(lot.holder).where(waits), lot.holder, after, limit)
    named = _rows(lot.ends_at, lapse).where(waits, lot.holder.in_(holders))
    return await _read(connection, named)


async def lots_expiring(
    connection: AsyncConnection,
    *,
    since: datetime,
    until: datetime,
    after: UUID | None = None,
    limit: int = 500,
) -> Sequence[EndingLot]:
    """List open lots that need no notice and lapse in ``[since, until)``."""
    lot, wallet = tables.lot.c, tables.wallet.c
    lapses = (
        lot.open & lot.notice.is_(false()) & (lot.expires_at >= since) & (lot.expires_at < until)
    )
    due = select(wallet.holder).where(
        wallet.next_due < until,
        select(lot.id)
        .where(lapses, lot.holder == wallet.holder, lot.asset == wallet.asset)
        .exists(),
    )
    holders = _page(due, wallet.holder, after, limit)
    named = _rows(lot.expires_at.label("ends_at"), lot.expires_at).where(
        lapses, lot.holder.in_(holders)
    )
    return await _read(connection, named)


def _page(
    holders: Select[Any], holder: ColumnElement[UUID], after: UUID | None, limit: int
) -> Select[Any]:
    return holders.where(holder > (after or _FIRST)).distinct().order_by(holder).limit(limit)


def _rows(ends_at: ColumnElement[Any], expires_at: ColumnElement[Any]) -> Select[Any]:
    lot = tables.lot.c
    return select(
        lot.holder,
        lot.asset,
        lot.id.label("lot"),
        lot.source,
        lot.class_.label("lot_class"),
        lot.remaining,
        lot.earned_at,
        ends_at,
        expires_at,
    ).order_by(lot.holder, lot.asset, ends_at, lot.id)


async def _read(connection: AsyncConnection, statement: Select[Any]) -> Sequence[EndingLot]:
    rows = (await connection.execute(statement)).mappings()
    return [EndingLot(**{**row, "lot_class": LotClass(row["lot_class"])}) for row in rows]
