"""The journal line by line, for those who take it elsewhere: exports and reconciliations.

A long export is read again one day and must say the same. What it saw is therefore named by the
snapshot that read it (`seen_now`): rows that were committed later, however early they claim to
have been recorded, are left out when it is read again.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

from ledger import tables
from ledger.tables import Key
from ledger.types import POINTS, Kind


@dataclass(frozen=True, slots=True)
class Seen:
    """What was visible at an instant: one cluster's snapshot, and all that was restored before."""

    cluster: int
    snapshot: str
    earlier: tuple[int, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` wrote."""
        cluster, snapshot, earlier = text.split("/")
        return cls(int(cluster), snapshot, tuple(int(one) for one in earlier.split(",") if one))

    def __str__(self) -> str:
        earlier = ",".join(str(one) for one in self.earlier)
        return f"{self.cluster}/{self.snapshot}/{earlier}"


async def seen_now(connection: AsyncConnection) -> Seen:
    """Name what this transaction sees; read it in a snapshot, like what it is to be used for."""
    return Seen.read((await connection.execute(select(func.ledger.seen_now()))).scalar_one())


def journal_lines(
    *,
    since: date,
    until: date,
    zone: str,
    seen: Seen | None = None,
    asset: str = POINTS,
) -> Select[*tuple[Any, ...]]:
    """Publish every transfer booked in ``[since, until)``, a row each, in the order of the books.

    Columns: booked_on, effective_at, recorded_at, holder, journal, kind, key, reason, actor,
    position, debit, credit, amount, lot, lot_class. Days are those of the zone.
    """
    own, part, lot = tables.journal.c, tables.transfer.c, tables.lot.c
    booked_on = _booked_on(zone).label("booked_on")
    return (
        select(
            booked_on,
            own.effective_at,
            own.recorded_at,
            own.holder,
            own.id.label("journal"),
            cast(own.kind, String).label("kind"),
            own.key,
            own.reason,
            own.actor,
            part.position,
            part.debit,
            part.credit,
            part.amount,
            part.lot,
            cast(lot.class_, String).label("lot_class"),
        )
        .select_from(_transfers_with_lots())
        .where(own.asset == asset, _booked_between(since, until, zone))
        .where(*_visible(seen))
        .order_by(booked_on, own.id, own.holder, part.position)
    )


def account_totals(
    *, until: date, zone: str, seen: Seen | None = None, asset: str = POINTS
) -> Select[str, str | None, int, int]:
    """Publish what stands on every account, by the class of the lots, booked before a day.

    Columns: account, lot_class (null where no lot was touched), debit, credit.
    """
    own, part, lot = tables.journal.c, tables.transfer.c, tables.lot.c
    lot_class = cast(lot.class_, String).label("lot_class")
    rows = (
        select(part.debit, part.credit, lot_class, part.amount)
        .select_from(_transfers_with_lots())
        .where(own.asset == asset, _booked_on(zone) < until, *_visible(seen))
        .cte("rows")
    )
    none = literal(0, BigInteger)
    sides = union_all(
        select(rows.c.debit.label("account"), rows.c.lot_class, rows.c.amount, none.label("back")),
        select(rows.c.credit, rows.c.lot_class, none, rows.c.amount),
    ).subquery("sides")
    return (
        select(
            sides.c.account,
            sides.c.lot_class,
            cast(func.sum(sides.c.amount), BigInteger).label("debit"),
            cast(func.sum(sides.c.back), BigInteger).label("credit"),
        )
        .group_by(sides.c.account, sides.c.lot_class)
        .order_by(sides.c.account, sides.c.lot_class)
    )


def posted_keys(
    *, zone: str, asset: str = POINTS
) -> Select[UUID, str, str, int | None, UUID, datetime, date]:
    """Publish what stands under every business key and when it was booked, to reconcile with.

    Columns: holder, key, kind, amount, journal, effective_at, booked_on.
    """
    kept, own = tables.receipt.c, tables.journal.c
    return (
        select(
            kept.holder,
            kept.key,
            kept.kind,
            kept.amount,
            kept.journal,
            own.effective_at,
            _booked_on(zone).label("booked_on"),
        )
        .select_from(tables.receipt)
        .join(tables.journal, and_(own.holder == kept.holder, own.id == kept.journal))
        .where(kept.asset == asset)
    )


class _Snapshot(UserDefinedType[str]):
    """PostgreSQL's own snapshot type."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type."""
        return "pg_snapshot"


def _booked_on(zone: str) -> ColumnElement[date]:
    own = tables.journal.c
    return func.coalesce(own.booked_on, cast(func.timezone(zone, own.effective_at), Date))


def _booked_between(since: date, until: date, zone: str) -> ColumnElement[bool]:
    """Say it the way the indexes do: few journals are booked on another day than their own."""
    own = tables.journal.c
    first, after = (func.timezone(zone, cast(day, DateTime)) for day in (since, until))
    return or_(
        and_(
            own.booked_on.is_(None),
            type_coerce(own.kind, Key).in_([kind.value for kind in Kind]),
            own.effective_at >= first,
            own.effective_at < after,
        ),
        and_(own.booked_on >= since, own.booked_on < until),
    )


def _transfers_with_lots() -> FromClause:
    own, part, lot = tables.journal.c, tables.transfer.c, tables.lot.c
    return tables.journal.join(
        tables.transfer, and_(part.holder == own.holder, part.journal == own.id)
    ).outerjoin(tables.lot, and_(lot.holder == part.holder, lot.id == part.lot))


def _visible(seen: Seen | None) -> list[ColumnElement[bool]]:
    if seen is None:
        return []
    own = tables.journal.c
    here = func.pg_visible_in_snapshot(own.recorded_xid, cast(seen.snapshot, _Snapshot()))
    return [or_(and_(own.cluster == seen.cluster, here), own.cluster.in_(seen.earlier))]
