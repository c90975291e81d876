"""What a wallet holds at an instant: counters, lots, and what will expire.

Reads never write. Before ``next_due`` they take the counters; from then on they derive them from
the lots, exactly as settling would leave them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    case,
    column,
    false,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import tables
from ledger.tables import Instant, Key
from ledger.types import POINTS, Expiring, Lot, LotClass, Wallet

_WHO = bindparam("holder", type_=Uuid())
_WHEN = bindparam("at", type_=Instant)
_ASSET = bindparam("asset", type_=Key)


async def wallet(
    connection: AsyncConnection, holder: UUID, *, at: datetime, asset: str = POINTS
) -> Wallet:
    """Answer the wallet's counters at ``at``; a holder who never had any has zeros."""
    row = (
        (await connection.execute(_WALLET, {"holder": holder, "at": at, "asset": asset}))
        .mappings()
        .one_or_none()
    )
    if row is None:
        return Wallet(
            holder=holder,
            asset=asset,
            available=0,
            pending=0,
            held=0,
            debt=0,
            next_due=None,
            version=0,
            frozen=False,
        )
    return Wallet(**row)


async def assets(connection: AsyncConnection, holder: UUID) -> Sequence[str]:
    """Name the assets of which this holder has a wallet."""
    own = tables.wallet.c
    named = select(own.asset).where(own.holder == holder).order_by(own.asset)
    return (await connection.execute(named)).scalars().all()


def wallet_at(
    holder: UUID | ColumnElement[UUID],
    at: datetime | ColumnElement[datetime],
    asset: str | ColumnElement[str] = POINTS,
) -> Select[Any]:
    """Publish one wallet's counters as a statement for others to join.

    Columns: holder, asset, available, pending, held, debt, next_due, version, frozen. No row when
    the holder has no wallet yet; join it outer (lateral where ``holder`` is a column).
    """
    instant = literal(at, Instant) if isinstance(at, datetime) else at
    own = tables.wallet
    due = (
        func.ledger.wallet_due(
            own.c.holder, own.c.asset, case((own.c.next_due <= instant, instant))
        )
        .table_valued(
            column("available", BigInteger),
            column("pending", BigInteger),
            column("held", BigInteger),
            column("debt", BigInteger),
            column("next_due", Instant),
        )
        .lateral("due")
    )
    counters = [
        case((due.c.available.is_not(None), due.c[name]), else_=own.c[name]).label(name)
        for name in ("available", "pending", "held", "debt", "next_due")
    ]
    return (
        select(own.c.holder, own.c.asset, *counters, own.c.version, own.c.frozen)
        .select_from(own.outerjoin(due, true()))
        .where(own.c.holder == holder, own.c.asset == asset)
    )


async def lots(
    connection: AsyncConnection,
    holder: UUID,
    *,
    at: datetime,
    asset: str = POINTS,
    limit: int = 500,
) -> Sequence[Lot]:
    """List what is left of lots, in the order in which it will be spent, and what is held."""
    rows = await connection.execute(
        _LOTS.limit(limit), {"holder": holder, "at": at, "asset": asset}
    )
    return [Lot(**{**row, "lot_class": LotClass(row["lot_class"])}) for row in rows.mappings()]


async def expiring(
    connection: AsyncConnection,
    holder: UUID,
    *,
    at: datetime,
    until: datetime,
    asset: str = POINTS,
) -> Sequence[Expiring]:
    """List what lapses between ``at`` and ``until``, with its exact instants, soonest first."""
    rows = await connection.execute(
        _EXPIRING, {"holder": holder, "at": at, "asset": asset, "until": until}
    )
    return [Expiring(expires_at=row.expires_at, amount=row.amount) for row in rows]


_WALLET = wallet_at(_WHO, _WHEN, _ASSET)

_PARTS = (
    func.ledger.lots_at(_WHO, _ASSET, _WHEN)
    .table_valued(
        column("lot", Uuid),
        column("account", Key),
        column("amount", BigInteger),
        column("activates_at", Instant),
        column("expires_at", Instant),
        column("earned_at", Instant),
    )
    .alias("part")
)


def _lots_statement() -> Select[Any]:
    """The parts of lots with what is known of each, looked up one by one.

    ``OFFSET 0`` keeps the planner from reading all that a holder ever had, which it takes for as
    little as others have.
    """
    lot = (
        select(*tables.lot.c)
        .where(tables.lot.c.holder == _WHO, tables.lot.c.id == _PARTS.c.lot)
        .offset(0)
        .lateral("own_lot")
    )
    birth = (
        select(tables.journal.c.labels)
        .where(tables.journal.c.holder == _WHO, tables.journal.c.id == lot.c.journal)
        .offset(0)
        .lateral("birth")
    )
    return (
        select(
            lot.c.holder,
            lot.c.asset,
            lot.c.id,
            lot.c.journal,
            lot.c.source,
            lot.c.class_.label("lot_class"),
            lot.c.granted,
            _PARTS.c.amount.label("remaining"),
            func.coalesce(_held_of(lot.c.id), 0).cast(BigInteger).label("held"),
            lot.c.clawed_back,
            lot.c.allocated,
            (_PARTS.c.account == "pending").label("pending"),
            lot.c.earned_at,
            lot.c.activates_at,
            lot.c.expires_at,
            func.coalesce(lot.c.ends_at, lot.c.expires_at).label("ends_at"),
            lot.c.notice,
            lot.c.notified_at,
            lot.c.schedule,
            lot.c.moved_from,
            func.coalesce(lot.c.birth_labels, birth.c.labels).label("labels"),
        )
        .select_from(_PARTS.join(lot, true()).join(birth, true()))
        .where(_PARTS.c.account != "repaid")
        .order_by((_PARTS.c.account == "pending"), lot.c.expires_at, lot.c.earned_at, lot.c.id)
    )


def _held_of(lot: ColumnElement[UUID]) -> ColumnElement[Any]:
    """What open holds have set aside of a lot, as of the instant asked for."""
    slice_, hold = tables.slice_, tables.hold
    return (
        select(func.sum(slice_.c.amount - slice_.c.undone))
        .select_from(
            hold.join(slice_, (slice_.c.holder == hold.c.holder) & (slice_.c.journal == hold.c.id))
        )
        .where(
            hold.c.holder == _WHO,
            hold.c.asset == _ASSET,
            hold.c.open,
            (hold.c.until > _WHEN).is_not(false()),
            slice_.c.lot == lot,
        )
        .scalar_subquery()
    )


_LOTS = _lots_statement()

_EXPIRING = (
    select(_PARTS.c.expires_at, func.sum(_PARTS.c.amount).cast(BigInteger).label("amount"))
    .where(
        _PARTS.c.account != "repaid",
        _PARTS.c.expires_at <= bindparam("until", type_=Instant),
    )
    .group_by(_PARTS.c.expires_at)
    .order_by(_PARTS.c.expires_at)
)
