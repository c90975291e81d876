"""A wallet's history, and single journals with their transfers.

Pages are keyed by the wallet's own sequence, so the tenth thousand movement costs what the first
does; running balances are stored with each journal and proved by ``verify``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    Uuid,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import tables
from ledger.tables import Instant, Key
from ledger.types import (
    POINTS,
    Account,
    AccountEntry,
    Journal,
    Kind,
    Movement,
    Transfer,
)

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_LARGEST_ID = UUID(int=2**128 - 1)
_LARGEST_SEQUENCE = 2**63 - 1


def receipts() -> Select[UUID, str, str, str, int | None]:
    """Publish what stands under every business key, for others to reconcile with.

    Columns: holder, key, kind, asset, and the amount that was asked for.
    """
    kept = tables.receipt
    return select(kept.c.holder, kept.c.key, kept.c.kind, kept.c.asset, kept.c.amount)


async def transactions(
    connection: AsyncConnection,
    holder: UUID,
    *,
    asset: str = POINTS,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Movement]:
    """List movements, latest first; ``before`` is the sequence of the last one seen."""
    rows = (
        await connection.execute(
            _MOVEMENTS,
            {
                "holder": holder,
                "asset": asset,
                "before": _LARGEST_SEQUENCE if before is None else before,
                "limit": limit + 1,
            },
        )
    ).all()
    earlier = [(row.balance, row.available) for row in rows[1:]] + [(0, 0)]
    return [_movement(row, *before_it) for row, before_it in zip(rows, earlier, strict=False)][
        :limit
    ]


async def journal(connection: AsyncConnection, holder: UUID, journal_id: UUID) -> Journal | None:
    """Answer one journal with its transfers, or nothing when this holder has none such."""
    own = tables.journal.c
    return await _journal(connection, (own.holder == holder) & (own.id == journal_id))


async def find_journal(connection: AsyncConnection, journal_id: UUID) -> Journal | None:
    """Answer one journal by its id alone, for drill-downs that do not know the holder."""
    return await _journal(connection, tables.journal.c.id == journal_id)


async def account_entries(
    connection: AsyncConnection,
    account: Account,
    *,
    asset: str = POINTS,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[AccountEntry]:
    """List the journals that moved an account, latest effective first, in ``[since, until)``.

    ``before`` is (effective instant, journal id) of the last one seen.
    """
    last_at, last_id = before or (_LAST, _LARGEST_ID)
    rows = await connection.execute(
        _ENTRIES,
        {
            "account": account.value,
            "asset": asset,
            "since": since or _FIRST,
            "until": until or _LAST,
            "last_at": last_at,
            "last_id": last_id,
            "limit": limit,
        },
    )
    return [AccountEntry(**{**row, "kind": Kind(row["kind"])}) for row in rows.mappings()]


async def _journal(connection: AsyncConnection, which: ColumnElement[bool]) -> Journal | None:
    found = (await connection.execute(_JOURNAL.where(which))).mappings().one_or_none()
    if found is None:
        return None
    rows = await connection.execute(_TRANSFERS, {"holder": found["holder"], "journal": found["id"]})
    transfers = tuple(
        Transfer(
            position=row.position,
            debit=Account(row.debit),
            credit=Account(row.credit),
            amount=row.amount,
            lot=row.lot,
        )
        for row in rows
    )
    return Journal(**{**found, "kind": Kind(found["kind"])}, transfers=transfers)


def _movement(row: Row[Any], balance_before: int, available_before: int) -> Movement:
    return Movement(
        **{
            **row._asdict(),
            "kind": Kind(row.kind),
            "change": row.balance - balance_before,
            "available_change": row.available - available_before,
        }
    )


def _columns(*more: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    own = tables.journal.c
    return (
        own.holder,
        own.asset,
        own.sequence,
        own.kind,
        own.key,
        own.refers_to,
        own.effective_at,
        own.recorded_at,
        own.reason,
        own.actor,
        own.labels,
        *more,
    )


_MOVEMENTS = (
    select(
        *_columns(
            tables.journal.c.id.label("journal"),
            tables.journal.c.balance_after.label("balance"),
            tables.journal.c.available_after.label("available"),
        )
    )
    .where(
        tables.journal.c.holder == bindparam("holder", type_=Uuid()),
        tables.journal.c.asset == bindparam("asset", type_=Key),
        tables.journal.c.sequence < bindparam("before", type_=BigInteger()),
    )
    .order_by(tables.journal.c.sequence.desc())
    .limit(bindparam("limit", type_=Integer()))
)

_JOURNAL = select(
    *_columns(tables.journal.c.id, tables.journal.c.request_id, tables.journal.c.canonical)
)

_TRANSFERS = (
    select(
        tables.transfer.c.position,
        tables.transfer.c.debit,
        tables.transfer.c.credit,
        tables.transfer.c.amount,
        tables.transfer.c.lot,
    )
    .where(
        tables.transfer.c.holder == bindparam("holder", type_=Uuid()),
        tables.transfer.c.journal == bindparam("journal", type_=Uuid()),
    )
    .order_by(tables.transfer.c.position)
)

_ENTRIES = select(
    func.ledger.account_entries(
        bindparam("account", type_=Key),
        bindparam("asset", type_=Key),
        bindparam("since", type_=Instant),
        bindparam("until", type_=Instant),
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
        column("reason", Key),
        column("actor", Key),
        column("labels", JSONB),
        column("debit", BigInteger),
        column("credit", BigInteger),
    )
    .alias("entry")
)
