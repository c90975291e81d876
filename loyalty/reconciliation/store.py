"""Reading runs and items, and clearing a difference once it is explained."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import and_, exists, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.numbering import next_number
from loyalty.reconciliation.errors import (
    ItemCleared,
    ItemNotCleared,
    UnknownItem,
    UnknownReconciliation,
)
from loyalty.reconciliation.shop import CONTROL
from loyalty.reconciliation.tables import (
    reconciliation,
    reconciliation_clearing,
    reconciliation_item,
    reconciliation_reopening,
)
from loyalty.reconciliation.types import (
    EXPLAINED,
    Clearing,
    ClearingReason,
    Item,
    ItemKind,
    Leg,
    Reconciliation,
    ReopeningReason,
    Totals,
)
from loyalty.tables import name

MOST_LISTED: Final = 200
_LARGEST: Final = 2**63 - 1


async def find_reconciliation(connection: AsyncConnection, number: int) -> Reconciliation:
    """Return one run."""
    found = await connection.execute(_RUNS.where(reconciliation.c.number == number))
    row = found.mappings().one_or_none()
    if row is None:
        raise UnknownReconciliation(seen=number)
    return _run(row)


async def list_reconciliations(
    connection: AsyncConnection, *, limit: int, before: int | None = None
) -> Sequence[Reconciliation]:
    """Return the runs, the newest first, from before a number."""
    found = await connection.execute(
        _RUNS.where(reconciliation.c.number < (_LARGEST if before is None else before))
        .order_by(reconciliation.c.number.desc())
        .limit(min(limit, MOST_LISTED))
    )
    return [_run(row) for row in found.mappings()]


async def latest(
    connection: AsyncConnection, *, since: date, until: date
) -> Sequence[Reconciliation]:
    """Return the last run of each leg over exactly these days; none when there was none."""
    found = await connection.execute(
        _RUNS.where(reconciliation.c.since == since, reconciliation.c.until == until)
        .ext(distinct_on(reconciliation.c.leg))
        .order_by(reconciliation.c.leg, reconciliation.c.number.desc())
    )
    return [_run(row) for row in found.mappings()]


async def list_items(
    connection: AsyncConnection,
    number: int,
    *,
    limit: int,
    after: int = 0,
    open_only: bool = False,
    kind: ItemKind | None = None,
) -> Sequence[Item]:
    """Return the items of a run in the order of their keys, from after a position."""
    wanted = _ITEMS.where(
        reconciliation_item.c.reconciliation == number, reconciliation_item.c.position > after
    )
    if open_only:
        wanted = wanted.where(_OPEN)
    if kind is not None:
        wanted = wanted.where(reconciliation_item.c.kind == kind.value)
    found = await connection.execute(
        wanted.order_by(reconciliation_item.c.position).limit(min(limit, MOST_LISTED))
    )
    return [_item(row) for row in found.mappings()]


async def open_items(connection: AsyncConnection, *, since: date, until: date) -> Sequence[Item]:
    """Return what is open of the last run of each leg over these days, a page at most.

    Nothing open means reconciled, where there was a run at all (`latest`).
    """
    numbers = [run.number for run in await latest(connection, since=since, until=until)]
    found = await connection.execute(
        _ITEMS.where(reconciliation_item.c.reconciliation.in_(numbers), _OPEN)
        .order_by(reconciliation_item.c.reconciliation, reconciliation_item.c.position)
        .limit(MOST_LISTED)
    )
    return [_item(row) for row in found.mappings()]


async def find_item(connection: AsyncConnection, number: int, position: int) -> Item:
    """Return one item of a run."""
    found = await connection.execute(
        _ITEMS.where(
            reconciliation_item.c.reconciliation == number,
            reconciliation_item.c.position == position,
        )
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise UnknownItem(number=number, seen=position)
    return _item(row)


async def clear_item(
    connection: AsyncConnection,
    cause: Cause,
    number: int,
    position: int,
    *,
    reason: ClearingReason,
    reference: str | None = None,
) -> Item:
    """Explain a difference, for every later run that finds the same one, until it is reopened."""
    item, turns = await _taken(connection, number, position)
    if item.clearing is not None:
        raise ItemCleared(seen=item.clearing.reason.value)
    await connection.execute(
        insert(reconciliation_clearing).values(
            difference=item.difference,
            turn=turns + 1,
            reconciliation=number,
            position=position,
            reason=reason.value,
            reference=reference,
            cleared_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    said = {"reason": reason.value, "reference": reference}
    return await _told(connection, cause, item, "clear", after=said)


async def reopen_item(
    connection: AsyncConnection,
    cause: Cause,
    number: int,
    position: int,
    *,
    reason: ReopeningReason,
    reference: str | None = None,
) -> Item:
    """Ask for a difference again whose explanation does not hold, in this run and all others."""
    item, turns = await _taken(connection, number, position)
    if item.clearing is None:
        raise ItemNotCleared(seen=position)
    await connection.execute(
        insert(reconciliation_reopening).values(
            difference=item.difference,
            turn=turns,
            reason=reason.value,
            reference=reference,
            reopened_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    before = {"reason": item.clearing.reason.value, "reference": item.clearing.reference}
    said = {"reason": reason.value, "reference": reference}
    return await _told(connection, cause, item, "reopen", after=said, before=before)


async def _told(
    connection: AsyncConnection,
    cause: Cause,
    item: Item,
    action: str,
    *,
    after: Mapping[str, str | None],
    before: Mapping[str, str | None] | None = None,
) -> Item:
    """Put on the trail what was said of an item, before and now, and return it as it is now."""
    await record_change(
        connection,
        cause,
        subject_kind="reconciliation-item",
        subject=f"{item.reconciliation}/{item.position}",
        action=action,
        before=before,
        after=after,
        member=item.member,
    )
    return await find_item(connection, item.reconciliation, item.position)


async def _taken(connection: AsyncConnection, number: int, position: int) -> tuple[Item, int]:
    """Take an item, one at a time so that the second learns of the first; and its last turn."""
    await next_number(connection, "clearings")
    item = await find_item(connection, number, position)
    turns = select(func.count()).where(reconciliation_clearing.c.difference == item.difference)
    return item, (await connection.execute(turns)).scalar_one()


def _run(row: RowMapping) -> Reconciliation:
    totals = {step: Totals(left=left, right=right) for step, (left, right) in row["totals"].items()}
    return Reconciliation(
        number=row["number"],
        leg=Leg(row["leg"]),
        since=row["since"],
        until=row["until"],
        tolerance=row["tolerance"],
        compared=row["compared"],
        agreed=row["agreed"],
        within_tolerance=row["within_tolerance"],
        items=row["item_count"],
        open_items=row["open_items"],
        totals=dict(sorted(totals.items())),
        run_at=row["run_at"],
        actor=row["actor"],
    )


def _item(row: RowMapping) -> Item:
    clearing = None
    if row["reason"] is not None:
        clearing = Clearing(
            reason=ClearingReason(row["reason"]),
            reference=row["reference"],
            cleared_at=row["cleared_at"],
            actor=row["actor"],
        )
    return Item(
        reconciliation=row["reconciliation"],
        position=row["position"],
        leg=Leg(row["leg"]),
        kind=ItemKind(row["kind"]),
        member=row["member"],
        order=row["order_id"],
        order_name=row["order_name"],
        step=row["step"],
        key=row["key"],
        left_amount=row["left_amount"],
        right_amount=row["right_amount"],
        left_state=row["left_state"],
        right_state=row["right_state"],
        left_on=row["left_on"],
        right_on=row["right_on"],
        difference=row["difference"],
        clearing=clearing,
    )


_REOPENED: Final = (
    exists()
    .where(
        reconciliation_reopening.c.difference == reconciliation_clearing.c.difference,
        reconciliation_reopening.c.turn == reconciliation_clearing.c.turn,
    )
    .correlate(reconciliation_clearing)
)
_CLEARED: Final = and_(
    reconciliation_clearing.c.difference == reconciliation_item.c.difference, ~_REOPENED
)
_OPEN: Final = and_(
    reconciliation_clearing.c.difference.is_(None), reconciliation_item.c.kind != EXPLAINED.value
)
_OPEN_OF: Final = (
    select(func.count())
    .select_from(reconciliation_item.outerjoin(reconciliation_clearing, _CLEARED))
    .where(reconciliation_item.c.reconciliation == reconciliation.c.number, _OPEN)
    .scalar_subquery()
)
_RUNS: Final = select(reconciliation, _OPEN_OF.label("open_items"))
_ITEMS: Final = (
    select(
        reconciliation_item,
        reconciliation.c.leg,
        name.c.name.label("order_name"),
        reconciliation_clearing.c.reason,
        reconciliation_clearing.c.reference,
        reconciliation_clearing.c.cleared_at,
        reconciliation_clearing.c.actor,
    )
    .join(reconciliation, reconciliation.c.number == reconciliation_item.c.reconciliation)
    .outerjoin(reconciliation_clearing, _CLEARED)
    .outerjoin(name, and_(name.c.kind == CONTROL, name.c.id == reconciliation_item.c.order_id))
)
