"""Shop against orders: the shop's own list of a period, beside what it reported to us.

An order that we do not know has only the shop's id, which stands in `loyalty.name` like every
other; its item carries the id that the name stands for.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    Date,
    Select,
    String,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.ids import new_id
from loyalty.names import ORDER, Name, take_names
from loyalty.orders.tables import order, return_, shipment
from loyalty.orders.types import ShipmentKind
from loyalty.reconciliation.errors import ControlRepeated
from loyalty.reconciliation.types import ControlRow, ItemKind
from loyalty.tables import name

#: The kind under which the shop's ids of orders stand that only a control list has.
CONTROL: Final = "control-order"
STEPS: Final = ("completed", "returned")
_CHUNK: Final = 5_000

Rows = Select[*tuple[Any, ...]]


async def name_orders(
    connection: AsyncConnection, control: Sequence[ControlRow]
) -> list[dict[str, Any]]:
    """Return the list with our ids; an order we do not know gets an id for its name."""
    rows: list[dict[str, Any]] = []
    for start in range(0, len(control), _CHUNK):
        part = control[start : start + _CHUNK]
        known = await _known(connection, [row.order for row in part])
        unknown = [row.order for row in part if row.order not in known]
        await take_names(connection, [Name(CONTROL, one, None, new_id()) for one in unknown])
        named = await _known(connection, unknown, kind=CONTROL)
        rows += [
            {
                "order_id": str(known.get(row.order) or named[row.order]),
                "known": row.order in known,
                "status": row.status,
                "completed": row.completed,
                "returned": row.returned,
            }
            for row in part
        ]
    return rows


def refuse_repeated(control: Sequence[ControlRow]) -> None:
    """Refuse a list that names an order twice."""
    seen: set[str] = set()
    for place, row in enumerate(control):
        if row.order in seen:
            raise ControlRepeated(pointer=f"/control/{place}/order", seen=row.order[:80])
        seen.add(row.order)


def money_compared(rows: Sequence[Mapping[str, Any]], *, since: date, until: date) -> CTE:
    """Put the shop's list beside our orders, a row for each order and step.

    Columns: member, order_id, known, step, key, left_amount, right_amount, left_state,
    right_state, right_on.
    """
    left = _listed(rows).cte("listed")
    right = _reported(since, until).cte("reported")
    both = left.outerjoin(right, left.c.order_id == right.c.order_id, full=True)
    id_ = func.coalesce(left.c.order_id, right.c.order_id)
    sides = [
        select(
            right.c.member,
            id_.label("order_id"),
            func.coalesce(left.c.known, literal(value=True)).label("known"),
            literal(step).label("step"),
            func.concat("order:", id_, f":{step}").label("key"),
            left.c[step].label("left_amount"),
            right.c[step].label("right_amount"),
            left.c.status.label("left_state"),
            right.c.on.label("right_on"),
        ).select_from(both)
        for step in STEPS
    ]
    return union_all(*sides).cte("compared")


def money_items(compared: CTE, *, tolerance: int) -> Rows:
    """Name every difference of the comparison; of an order that is missing, one item."""
    left, right = compared.c.left_amount, compared.c.right_amount
    near = func.abs(func.coalesce(left, 0) - func.coalesce(right, 0)) <= tolerance
    first = compared.c.step == STEPS[0]
    other_status = and_(first, compared.c.left_state != order.c.state)
    kind = case(
        (~compared.c.known, literal(ItemKind.MISSING_IN_PROGRAMME.value)),
        (left.is_(None), literal(ItemKind.MISSING_AT_SHOP.value)),
        (~near, literal(ItemKind.MONEY_DIFFERS.value)),
        else_=literal(ItemKind.STATUS_DIFFERS.value),
    )
    missing = or_(~compared.c.known, left.is_(None))
    return (
        select(
            func.coalesce(compared.c.member, order.c.member).label("member"),
            compared.c.order_id,
            kind.label("kind"),
            compared.c.step,
            compared.c.key,
            left.label("left_amount"),
            right.label("right_amount"),
            compared.c.left_state,
            order.c.state.label("right_state"),
            null().cast(Date).label("left_on"),
            compared.c.right_on,
        )
        .select_from(compared.outerjoin(order, order.c.id == compared.c.order_id))
        .where(or_(and_(missing, first), and_(~missing, or_(~near, other_status))))
    )


def _listed(rows: Sequence[Mapping[str, Any]]) -> Rows:
    listed = (
        func.jsonb_to_recordset(cast(literal(list(rows), JSONB), JSONB))
        .table_valued(
            column("order_id", Uuid),
            column("known", Boolean),
            column("status", Text),
            column("completed", BigInteger),
            column("returned", BigInteger),
        )
        .render_derived(name="list", with_types=True)
    )
    return select(listed)


def _reported(since: date, until: date) -> Rows:
    """What was shipped and what came back in the period, by order."""
    nothing = literal(0, BigInteger)
    moved = union_all(
        select(
            shipment.c.member,
            shipment.c.order_id,
            shipment.c.total.label("completed"),
            nothing.label("returned"),
            shipment.c.on.label("on"),
        ).where(
            shipment.c.kind == ShipmentKind.COMPLETED.value,
            shipment.c.on >= since,
            shipment.c.on < until,
        ),
        select(
            return_.c.member,
            return_.c.order_id,
            nothing,
            return_.c.total,
            return_.c.on,
        ).where(return_.c.on >= since, return_.c.on < until),
    ).subquery("moved")
    return select(
        moved.c.member,
        moved.c.order_id,
        cast(func.sum(moved.c.completed), BigInteger).label("completed"),
        cast(func.sum(moved.c.returned), BigInteger).label("returned"),
        func.max(moved.c.on).label("on"),
    ).group_by(moved.c.member, moved.c.order_id)


async def _known(
    connection: AsyncConnection, names: Sequence[str], *, kind: str = ORDER
) -> dict[str, UUID]:
    if not names:
        return {}
    found = await connection.execute(
        select(name.c.name, name.c.id).where(
            name.c.kind == kind,
            name.c.name == func.any(bindparam("names", list(names), type_=ARRAY(String))),
        )
    )
    return {row.name: row.id for row in found}
