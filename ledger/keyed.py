"""What was posted under the business keys of one thing, such as an order, with its transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import tables
from ledger.tables import Key
from ledger.types import Account, Journal, Kind, Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """One posting by its business key: the amount that was asked for, and its journal."""

    key: str
    asked: int
    journal: Journal


async def journals_by_key(
    connection: AsyncConnection, holder: UUID, prefix: str
) -> Sequence[Keyed]:
    """List what stands under the keys of a holder that begin so, in the order of recording."""
    rows = (
        await connection.execute(_KEYED, {"holder": holder, "first": prefix, "last": f"{prefix}~"})
    ).mappings()
    return [_keyed(dict(row)) for row in rows]


def _keyed(row: dict[str, Any]) -> Keyed:
    asked, transfers = row.pop("asked"), row.pop("transfers")
    journal = Journal(
        **{**row, "kind": Kind(row["kind"])},
        transfers=tuple(
            Transfer(
                position=position,
                debit=Account(debit),
                credit=Account(credit),
                amount=amount,
                lot=None if lot is None else UUID(lot),
            )
            for position, debit, credit, amount, lot in transfers or ()
        ),
    )
    return Keyed(key=row["key"], asked=asked or 0, journal=journal)


_OWN: Final = tables.journal.c
_PART: Final = tables.transfer.c
_TRANSFERS: Final = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(
                    _PART.position, _PART.debit, _PART.credit, _PART.amount, _PART.lot
                ),
                _PART.position,
            ),
            type_=JSON,
        )
    )
    .where(_PART.holder == _OWN.holder, _PART.journal == _OWN.id)
    .scalar_subquery()
)
_KEYED: Final = (
    select(
        *(_OWN.holder, _OWN.asset, _OWN.sequence, _OWN.id, _OWN.kind, _OWN.key, _OWN.refers_to),
        *(_OWN.effective_at, _OWN.recorded_at, _OWN.reason, _OWN.actor, _OWN.request_id),
        *(_OWN.labels, _OWN.canonical),
        tables.receipt.c.amount.label("asked"),
        _TRANSFERS.label("transfers"),
    )
    .select_from(
        tables.receipt.join(
            tables.journal,
            (_OWN.holder == tables.receipt.c.holder) & (_OWN.id == tables.receipt.c.journal),
        )
    )
    .where(
        tables.receipt.c.holder == bindparam("holder", type_=Uuid()),
        tables.receipt.c.key >= bindparam("first", type_=Key),
        tables.receipt.c.key < bindparam("last", type_=Key),
    )
    .order_by(_OWN.recorded_at, _OWN.sequence)
)
