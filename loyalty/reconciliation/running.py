"""Running a reconciliation: one statement compares, counts, and keeps the items it found.

A run is a record of that moment and never changes; running again is another number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    Date,
    Integer,
    Select,
    String,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.numbering import next_number
from loyalty.policy import policy_at
from loyalty.reconciliation import fees, points, shop
from loyalty.reconciliation.errors import ReconciliationPeriodUnfit
from loyalty.reconciliation.store import find_reconciliation
from loyalty.reconciliation.tables import reconciliation, reconciliation_item
from loyalty.reconciliation.types import ControlRow, Leg, Reconciliation, Tolerance
from loyalty.schema import Instant

_PATIENCE: Final = "300s"
_FOUND: Final = (
    *("member", "order_id", "kind", "step", "key", "left_amount", "right_amount"),
    *("left_state", "right_state", "left_on", "right_on"),
)


async def reconcile(
    connection: AsyncConnection,
    cause: Cause,
    *,
    since: date,
    until: date,
    tolerance: Tolerance | None = None,
    control: Sequence[ControlRow] | None = None,
) -> Sequence[Reconciliation]:
    """Compare the days in ``[since, until)``, each leg as a run of its own.

    Orders and ledger are always compared; with ``control``, the shop's own list of the period, so
    are shop and orders; and whoever bills with memberships, where fees say that there is a need.
    """
    policy = await policy_at(connection, cause.at)
    if not since < until or since > policy.day_of(cause.at):
        raise ReconciliationPeriodUnfit(pointer="/from", seen=f"{since} to {until}")
    allowed = tolerance or Tolerance()
    await connection.execute(
        select(func.set_config("statement_timeout", _PATIENCE, literal(value=True)))
    )
    zone = policy.zone.key
    compared = points.points_compared(since=since, until=until, zone=zone)
    found = points.points_items(compared, zone=zone, tolerance=allowed.points)
    asked = _Asked(Leg.ORDERS_LEDGER, since, until, allowed.points)
    runs = [await _run(connection, cause, asked, compared, found)]
    if control is not None:
        shop.refuse_repeated(control)
        rows = await shop.name_orders(connection, control)
        compared = shop.money_compared(rows, since=since, until=until)
        found = shop.money_items(compared, tolerance=allowed.money)
        asked = _Asked(Leg.SHOP_ORDERS, since, until, allowed.money)
        runs.append(await _run(connection, cause, asked, compared, found))
    return runs + await _bill(connection, cause, fees.Span.of(policy, since, until), allowed.money)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one leg is run for."""

    leg: Leg
    since: date
    until: date
    tolerance: int


async def _bill(
    connection: AsyncConnection, cause: Cause, span: fees.Span, tolerance: int
) -> list[Reconciliation]:
    """Compare whoever bills with memberships, and payouts with what they were made of."""
    runs: list[Reconciliation] = []
    of_fees, of_payouts = await fees.asked_for(connection, span)
    if of_fees:
        asked = _Asked(Leg.BILLER_FEES, span.since, span.until, tolerance)
        compared = fees.fees_compared(span)
        found = fees.fees_items(compared, tolerance=tolerance)
        runs.append(await _run(connection, cause, asked, compared, found))
    if of_payouts:
        asked = _Asked(Leg.PAYOUTS_MOVEMENTS, span.since, span.until, tolerance)
        compared = fees.payouts_compared(span)
        found = fees.payouts_items(compared, tolerance=tolerance)
        runs.append(await _run(connection, cause, asked, compared, found))
    return runs


async def _run(
    connection: AsyncConnection,
    cause: Cause,
    asked: _Asked,
    compared: CTE,
    found: Select[*tuple[Any, ...]],
) -> Reconciliation:
    number = await next_number(connection, "reconciliations")
    items = _numbered(asked.leg, found).cte("items")
    run = _counted(cause, asked, number, compared, items)
    await connection.execute(
        insert(reconciliation_item)
        .from_select(
            ["reconciliation", "position", *_FOUND, "difference"],
            select(
                literal(number, BigInteger),
                items.c.position,
                *(items.c[name] for name in _FOUND),
                items.c.difference,
            ),
        )
        .add_cte(run)
    )
    told = await find_reconciliation(connection, number)
    await record_change(
        connection,
        cause,
        subject_kind="reconciliation",
        subject=str(number),
        action="run",
        after={
            "leg": asked.leg.value,
            "since": str(asked.since),
            "until": str(asked.until),
            "items": told.items,
            "open": told.open_items,
        },
    )
    return told


def _numbered(leg: Leg, found: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Place the items in the order of their keys, and say in one text what each differs in."""
    one = found.subquery("found")
    parts = [one.c.left_amount, one.c.right_amount, one.c.left_state, one.c.right_state]
    said = (func.coalesce(cast(part, String), "-") for part in parts)
    difference = func.concat_ws("|", leg.value, one.c.kind, one.c.key, *said)
    place = func.row_number().over(order_by=(one.c.key, one.c.kind))
    return select(
        cast(place, Integer).label("position"),
        *(one.c[name] for name in _FOUND),
        difference.label("difference"),
    )


def _counted(cause: Cause, asked: _Asked, number: int, compared: CTE, items: CTE) -> CTE:
    """Keep the run itself: how much was compared, how much agreed, and both sides' sums."""
    left, right = compared.c.left_amount, compared.c.right_amount
    apart = func.abs(left - right)
    by_step = (
        select(
            compared.c.step,
            func.jsonb_build_array(
                func.coalesce(func.sum(left), 0), func.coalesce(func.sum(right), 0)
            ).label("sums"),
        )
        .group_by(compared.c.step)
        .subquery("by_step")
    )
    totals = select(
        func.coalesce(func.jsonb_object_agg(by_step.c.step, by_step.c.sums), cast({}, JSONB))
    ).scalar_subquery()
    counted = select(
        literal(number, BigInteger),
        literal(asked.leg.value),
        literal(asked.since, Date),
        literal(asked.until, Date),
        literal(asked.tolerance, BigInteger),
        func.count(),
        func.count().filter(left == right),
        func.count().filter(apart.between(1, asked.tolerance)),
        select(func.count()).select_from(items).scalar_subquery(),
        totals,
        literal(cause.at, Instant),
        literal(cause.actor),
        literal(cause.request_id),
    ).select_from(compared)
    columns = (
        *("number", "leg", "since", "until", "tolerance", "compared", "agreed"),
        *("within_tolerance", "item_count", "totals", "run_at", "actor", "request_id"),
    )
    return insert(reconciliation).from_select(list(columns), counted).cte("run")
