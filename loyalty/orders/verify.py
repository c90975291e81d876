"""Proves that orders agree with themselves, with the ledger's keys and with the tiers' activity.

Each check is one statement that returns the first row that breaks it. What the other packages hold
is read through the Selects they publish.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    Subquery,
    Table,
    and_,
    case,
    cast,
    func,
    lateral,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
import tiers
from loyalty.checks import Broken, Check, Checks, first_broken_by
from loyalty.orders.rows import FIGURES
from loyalty.orders.tables import (
    order,
    order_grant,
    order_line,
    return_,
    return_line,
    shipment,
    shipment_line,
)
from loyalty.orders.types import OrderState, ShipmentKind

_COMPLETED: Final = ShipmentKind.COMPLETED.value


async def first_broken_order(connection: AsyncConnection) -> Mapping[str, Broken]:
    """Return, by check, the first row that breaks it.

    The planner takes the broken rows for the many and would look each up; hashing reads all once.
    """
    await connection.execute(select(func.set_config("enable_nestloop", "off", literal(value=True))))
    broken = await first_broken_by(connection, CHECKS)
    return {check: (f"order {row}", seen) for check, (row, seen) in broken.items()}


def _figures_of(table: Table) -> list[ColumnElement[int]]:
    return [func.coalesce(func.sum(table.c[name]), 0) for name in FIGURES]


def _order_is_its_lines() -> Check:
    """The sums of an order are those of its lines, and every line has its order."""
    summed = [each.label(name) for name, each in zip(FIGURES, _figures_of(order_line), strict=True)]
    lines = (
        select(order_line.c.member, order_line.c.order_id, *summed)
        .group_by(order_line.c.member, order_line.c.order_id)
        .subquery("lines")
    )
    both = order.outerjoin(
        lines, and_(lines.c.member == order.c.member, lines.c.order_id == order.c.id), full=True
    )
    differs = or_(*(order.c[name].is_distinct_from(lines.c[name]) for name in FIGURES))
    seen = func.coalesce(order.c.id, lines.c.order_id)
    return select(seen, literal("lines that come to other sums")).select_from(both).where(differs)


def _shipment_is_its_lines() -> Check:
    """A shipment comes to what it carried of each line, and a whole one to the order."""
    parts = shipment_line
    summed = [each.label(name) for name, each in zip(FIGURES, _figures_of(parts), strict=True)]
    lines = (
        select(parts.c.member, parts.c.order_id, parts.c.shipment, *summed)
        .group_by(parts.c.member, parts.c.order_id, parts.c.shipment)
        .subquery("lines")
    )
    same = and_(
        lines.c.member == shipment.c.member,
        lines.c.order_id == shipment.c.order_id,
        lines.c.shipment == shipment.c.id,
    )
    whole = and_(order.c.member == shipment.c.member, order.c.id == shipment.c.order_id)
    wanted = {
        name: case((shipment.c.whole, order.c[name]), else_=lines.c[name]) for name in FIGURES
    }
    differs = or_(*(shipment.c[name].is_distinct_from(wanted[name]) for name in FIGURES))
    both = shipment.join(order, whole).outerjoin(lines, same)
    return (
        select(shipment.c.order_id, literal("a shipment of other sums"))
        .select_from(both)
        .where(differs)
    )


def _no_unit_goes_twice() -> Check:
    """No more units are shipped and cancelled than were ordered, nor returned than shipped."""
    moved, given = _units()
    stands = (
        order_line.outerjoin(moved, _same_line(moved))
        .outerjoin(given, _same_line(given))
        .outerjoin(_WHOLE, _same_order(_WHOLE))
    )
    gone = func.coalesce(_WHOLE.c.all, moved.c.all, 0)
    left = func.coalesce(_WHOLE.c.completed, moved.c.completed, 0)
    taken = case((_WHOLE.c.all.is_not(None), order_line.c.quantity * gone), else_=gone)
    sent = case((_WHOLE.c.all.is_not(None), order_line.c.quantity * left), else_=left)
    back = func.coalesce(given.c.units, 0)
    return (
        select(order_line.c.order_id, literal("more units than there were"))
        .select_from(stands)
        .where(or_(taken > order_line.c.quantity, back > sent))
    )


def _units() -> tuple[Subquery, Subquery]:
    parts, kind = shipment_line, shipment.c.kind
    own = and_(
        shipment.c.member == parts.c.member,
        shipment.c.order_id == parts.c.order_id,
        shipment.c.id == parts.c.shipment,
    )
    keys = (parts.c.member, parts.c.order_id, parts.c.line_no)
    sent = func.sum(parts.c.quantity).filter(kind == _COMPLETED)
    moved = (
        select(*keys, func.sum(parts.c.quantity).label("all"), sent.label("completed"))
        .select_from(parts.join(shipment, own))
        .group_by(*keys)
        .subquery("moved")
    )
    back = (return_line.c.member, return_line.c.order_id, return_line.c.line_no)
    given = (
        select(*back, func.sum(return_line.c.quantity).label("units"))
        .group_by(*back)
        .subquery("given")
    )
    return moved, given


_WHOLE: Final = (
    select(
        shipment.c.member,
        shipment.c.order_id,
        func.count().label("all"),
        func.count().filter(shipment.c.kind == _COMPLETED).label("completed"),
    )
    .where(shipment.c.whole)
    .group_by(shipment.c.member, shipment.c.order_id)
    .subquery("whole")
)


def _same_order(other: FromClause) -> ColumnElement[bool]:
    return and_(other.c.member == order_line.c.member, other.c.order_id == order_line.c.order_id)


def _same_line(other: FromClause) -> ColumnElement[bool]:
    return and_(_same_order(other), other.c.line_no == order_line.c.line_no)


def _ended_order_holds_nothing() -> Check:
    return select(order.c.id, order.c.hold_until).where(
        order.c.hold_until.is_not(None), order.c.state != OrderState.OPEN.value
    )


def _points_are_in_the_ledger() -> Check:
    """Points earned, spent, taken back and given back are posted under the order's keys."""
    shipped = (
        select(
            shipment.c.order_id,
            func.sum(shipment.c.earn).label("earn"),
            func.sum(shipment.c.points + shipment.c.shipping_points).label("capture"),
        )
        .where(shipment.c.kind == _COMPLETED)
        .group_by(shipment.c.order_id)
        .subquery("shipped")
    )
    back = (
        select(
            return_.c.order_id,
            func.sum(return_.c.earn).label("claw_back"),
            func.sum(return_.c.points + return_.c.shipping_points).label("restore"),
        )
        .group_by(return_.c.order_id)
        .subquery("back")
    )
    posted = _posted()
    both = (
        shipped.outerjoin(back, back.c.order_id == shipped.c.order_id)
        .outerjoin(order, order.c.id == shipped.c.order_id)
        .outerjoin(posted, posted.c.order_id == cast(shipped.c.order_id, String), full=True)
    )
    figures = {
        "earn": shipped.c.earn,
        "capture": shipped.c.capture,
        "claw_back": back.c.claw_back,
        "restore": back.c.restore,
    }
    differs = or_(
        *(
            func.coalesce(own, 0) != func.coalesce(posted.c[name], 0)
            for name, own in figures.items()
        )
    )
    named = func.coalesce(cast(shipped.c.order_id, String), posted.c.order_id)
    return (
        select(named, literal("other points than the ledger has"))
        .select_from(both)
        .where(differs, order.c.guest.is_not(true()))
    )


def _posted() -> Subquery:
    """The ledger's amounts by order and kind, from the keys of the orders' steps."""
    kept = ledger.receipts().subquery("kept")
    named = func.split_part(kept.c.key, ":", 2)
    kinds = {"earn": "earn", "capture": "capture", "claw_back": "claw-back", "restore": "restore"}
    sums = [
        func.sum(kept.c.amount).filter(kept.c.kind == kind).label(name)
        for name, kind in kinds.items()
    ]
    return (
        select(named.label("order_id"), *sums)
        .where(kept.c.key.like("order:%"), kept.c.kind.in_(list(kinds.values())))
        .group_by(named)
        .subquery("posted")
    )


def _purchases_are_in_the_tiers() -> Check:
    """What counts for the tiers is what was shipped, less what came back of it.

    Orders of a merged member count for the survivor, who has a copy of that activity.
    """
    whose = select(order.c.member).where(~order.c.guest).distinct().subquery("whose")
    counted = lateral(tiers.activity_of(whose.c.member)).alias("counted")
    acted = (
        select(whose.c.member, *counted.c)
        .select_from(whose.join(counted, true()))
        .subquery("acted")
    )
    survivor = func.loyalty.survivor
    same = and_(
        or_(
            shipment.c.member == acted.c.member,
            survivor(shipment.c.member) == survivor(acted.c.member),
        ),
        shipment.c.order_id == acted.c.order_id,
        shipment.c.id == acted.c.shipment,
    )
    return (
        select(acted.c.order_id, literal("activity of other purchases"))
        .select_from(acted.outerjoin(shipment, same))
        .where(
            or_(
                shipment.c.purchases.is_distinct_from(acted.c.purchases),
                acted.c.returned > shipment.c.purchases,
            )
        )
    )


def _granted_vouchers_were_issued() -> Check:
    """What came with an order was issued under that code, and is somebody's still."""
    issued = benefits.vouchers_stored().subquery("issued")
    same = and_(
        issued.c.id == order_grant.c.voucher,
        issued.c.code == order_grant.c.code,
        issued.c.definition == order_grant.c.definition,
    )
    return (
        select(order_grant.c.order_id, order_grant.c.voucher)
        .select_from(order_grant.outerjoin(issued, same))
        .where(issued.c.id.is_(None))
    )


CHECKS: Final[Checks] = {
    "order-is-its-lines": _order_is_its_lines,
    "shipment-is-its-lines": _shipment_is_its_lines,
    "no-unit-goes-twice": _no_unit_goes_twice,
    "ended-order-holds-nothing": _ended_order_holds_nothing,
    "points-are-in-the-ledger": _points_are_in_the_ledger,
    "purchases-are-in-the-tiers": _purchases_are_in_the_tiers,
    "granted-vouchers-were-issued": _granted_vouchers_were_issued,
}
