"""Taking in what whoever bills has reported: each line once, by its id, and never otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.reconciliation.tables import biller_movement, biller_payout, biller_settlement
from loyalty.reconciliation.types import Movement, Payout, TakenIn
from loyalty.schema import Key

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where lines are kept, the column that names one, and what it must say again."""

    table: Table
    named: str
    content: Sequence[str]


_MOVEMENTS: Final = _Kept(
    biller_movement,
    "id",
    (
        *("category", "step", "reference", "certain", "amount", "tax", "currency"),
        *("settled", "settled_in", "at"),
    ),
)
_PAYOUTS: Final = _Kept(biller_payout, "id", ("payout", "amount", "currency", "at"))


async def take_movements(
    connection: AsyncConnection, cause: Cause, adapter: str, movements: Sequence[Movement]
) -> TakenIn:
    """Keep the movements that are new; a payout may be told of one that is known."""
    rows = {one.id: _movement(one) for one in movements}
    taken = await _take(connection, cause, adapter, _MOVEMENTS, rows)
    paid = {
        one.id: {"payout": one.payout}
        for one in movements
        if one.payout is not None and one.id not in taken.differing
    }
    places: Rows = {id_: {"movement": id_, **row} for id_, row in paid.items()}
    settling = _Kept(biller_settlement, "movement", ("payout",))
    settled = await _take(connection, cause, adapter, settling, places)
    # A movement that was known and learns its payout is known all the same.
    return TakenIn(
        new=taken.new,
        known=taken.known - len(settled.differing - taken.differing),
        differing=taken.differing | settled.differing,
    )


async def take_payouts(
    connection: AsyncConnection, cause: Cause, adapter: str, payouts: Sequence[Payout]
) -> TakenIn:
    """Keep the payouts that are new."""
    rows = {one.id: asdict(one) for one in payouts}
    return await _take(connection, cause, adapter, _PAYOUTS, rows)


async def _take(
    connection: AsyncConnection, cause: Cause, adapter: str, kept: _Kept, rows: Rows
) -> TakenIn:
    """Add what is new and compare the rest with what stands there."""
    if not rows:
        return TakenIn(new=0, known=0)
    table, content = kept.table, kept.content
    id_: ColumnElement[str] = table.c[kept.named]
    who = {"adapter": adapter, "actor": cause.actor, "request_id": cause.request_id}
    added = await connection.execute(
        insert(table).on_conflict_do_nothing().returning(id_),
        [{**row, **who} for row in rows.values()],
    )
    new = {row[0] for row in added}
    stood = await connection.execute(
        select(id_.label("known_as"), *(table.c[name] for name in content)).where(
            table.c.adapter == adapter,
            id_ == bindparam("ids", list(rows.keys() - new), type_=ARRAY(Key)).any_(),
        )
    )
    differing = frozenset(
        row["known_as"]
        for row in stood.mappings()
        if any(row[name] != rows[row["known_as"]][name] for name in content)
    )
    return TakenIn(new=len(new), known=len(rows) - len(new) - len(differing), differing=differing)


def _movement(one: Movement) -> dict[str, Any]:
    step, reference = one.fee or (None, None)
    return {
        "id": one.id,
        "category": one.category,
        "step": None if step is None else step.value,
        "reference": reference,
        "certain": one.certain,
        "amount": one.amount,
        "tax": one.tax,
        "currency": one.currency,
        "settled": one.settled,
        "settled_in": one.settled_in,
        "at": one.at,
    }
