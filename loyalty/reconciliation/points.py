"""Orders against ledger: every step that moves points, beside what was posted under its key.

A set against a set, by wallet and business key. The wallet is the survivor's where members were
merged: orders stay where they were, and later steps are posted to whom the member goes on as. What
one side has in the period and the other has not is looked up outside the period, so that a step
booked in a later month is a matter of timing and not a loss.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    String,
    Table,
    Uuid,
    and_,
    case,
    cast,
    collate,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.selectable import LateralFromClause

import ledger
from loyalty.orders.tables import order, return_, shipment
from loyalty.orders.types import ShipmentKind
from loyalty.reconciliation.types import ItemKind
from loyalty.tables import member

STEPS: Final = ("earn", "capture", "claw-back", "restore")
#: A colon and an id at the end of a key; and the letter after the colon.
_PART: Final = 37
_AFTER_A_PART: Final = ";"
_ID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

_INTO: Final = member.alias("into")

Rows = Select[*tuple[Any, ...]]


def points_compared(*, since: date, until: date, zone: str) -> CTE:
    """Put both sides of the period beside each other.

    Columns: member, own_holder, holder (of the survivor), key, step, left_amount, left_on,
    right_amount, right_on.
    """
    steps = _expected(lambda table: and_(table.c.on >= since, table.c.on < until))
    left = union_all(*steps).cte("expected")
    right = _posted(since, until, zone).cte("posted")
    same = and_(right.c.holder == left.c.holder, right.c.key == left.c.key)
    both = left.outerjoin(right, same, full=True)
    key = func.coalesce(left.c.key, right.c.key)
    return (
        select(
            left.c.member,
            left.c.own_holder,
            func.coalesce(left.c.holder, right.c.holder).label("holder"),
            key.label("key"),
            func.split_part(key, ":", 3).label("step"),
            left.c.amount.label("left_amount"),
            left.c.on.label("left_on"),
            right.c.amount.label("right_amount"),
            right.c.on.label("right_on"),
        )
        .select_from(both)
        .cte("compared")
    )


def points_items(compared: CTE, *, zone: str, tolerance: int) -> Rows:
    """Name every difference of the comparison."""
    elsewhere = _posted_elsewhere(compared, zone)
    other = _expected_elsewhere(compared)
    left = func.coalesce(compared.c.left_amount, other.c.amount)
    right = func.coalesce(compared.c.right_amount, elsewhere.c.amount)
    near = func.abs(func.coalesce(left, 0) - func.coalesce(right, 0)) <= tolerance
    one_sided = or_(compared.c.left_amount.is_(None), compared.c.right_amount.is_(None))
    kind = case(
        (right.is_(None), literal(ItemKind.MISSING_IN_LEDGER.value)),
        (left.is_(None), literal(ItemKind.MISSING_IN_ORDERS.value)),
        (~near, literal(ItemKind.AMOUNT_DIFFERS.value)),
        else_=literal(ItemKind.TIMING.value),
    )
    return (
        select(
            func.coalesce(compared.c.member, other.c.member).label("member"),
            _part(compared.c.key, 2).label("order_id"),
            kind.label("kind"),
            compared.c.step,
            compared.c.key,
            left.label("left_amount"),
            right.label("right_amount"),
            null().cast(String).label("left_state"),
            null().cast(String).label("right_state"),
            func.coalesce(compared.c.left_on, other.c.on).label("left_on"),
            func.coalesce(compared.c.right_on, elsewhere.c.on).label("right_on"),
        )
        .select_from(compared.outerjoin(elsewhere, true()).outerjoin(other, true()))
        .where(or_(one_sided, ~near))
    )


def _expected(where: Callable[[Table], ColumnElement[bool]]) -> Sequence[Rows]:
    """What the orders' own rows say was earned, spent, taken back and given back."""
    completed = shipment.c.kind == ShipmentKind.COMPLETED.value
    spent = shipment.c.points + shipment.c.shipping_points
    restored = return_.c.points + return_.c.shipping_points
    return (
        _step(shipment, "earn", shipment.c.earn).where(completed, where(shipment)),
        _step(shipment, "capture", spent).where(completed, where(shipment)),
        _step(return_, "claw-back", return_.c.earn).where(where(return_)),
        _step(return_, "restore", restored).where(where(return_)),
    )


def _step(table: Table, step: str, amount: ColumnElement[int]) -> Rows:
    key = func.concat("order:", table.c.order_id, f":{step}:", table.c.id)
    return (
        select(
            table.c.member,
            member.c.holder.label("own_holder"),
            _survivor(member.c.holder).label("holder"),
            collate(key, "C").label("key"),
            amount.label("amount"),
            table.c.on.label("on"),
        )
        .join(member, member.c.id == table.c.member)
        .outerjoin(_INTO, _INTO.c.id == member.c.merged_into)
        .where(amount > 0)
    )


def _posted(since: date, until: date, zone: str) -> Rows:
    """What the ledger booked under the orders' keys, a return's parts taken together."""
    kept = ledger.posted_keys(zone=zone).subquery("kept")
    parts = kept.c.kind.in_(("claw-back", "restore"))
    key = case((parts, func.left(kept.c.key, -_PART)), else_=kept.c.key)
    holder = _survivor(kept.c.holder)
    return (
        select(
            holder.label("holder"),
            collate(key, "C").label("key"),
            cast(func.sum(kept.c.amount), BigInteger).label("amount"),
            func.max(kept.c.booked_on).label("on"),
        )
        .outerjoin(member, member.c.holder == kept.c.holder)
        .outerjoin(_INTO, _INTO.c.id == member.c.merged_into)
        .where(
            kept.c.kind.in_(STEPS),
            kept.c.key.like("order:%"),
            kept.c.booked_on >= since,
            kept.c.booked_on < until,
        )
        .group_by(holder, collate(key, "C"))
    )


def _posted_elsewhere(compared: CTE, zone: str) -> LateralFromClause:
    """What stands in the ledger outside the period, under a key that is missing within it."""
    kept = ledger.posted_keys(zone=zone).subquery("kept_elsewhere")
    first = collate(compared.c.key, "C")
    return (
        select(
            cast(func.sum(kept.c.amount), BigInteger).label("amount"),
            func.max(kept.c.booked_on).label("on"),
        )
        .where(
            compared.c.right_amount.is_(None),
            kept.c.holder.in_([compared.c.own_holder, compared.c.holder]),
            kept.c.key >= first,
            kept.c.key < func.concat(first, _AFTER_A_PART),
        )
        .having(func.count() > 0)
        .lateral("elsewhere")
    )


def _expected_elsewhere(compared: CTE) -> LateralFromClause:
    """What the orders say outside the period, of a key that is missing within it."""

    def named(table: Table) -> ColumnElement[bool]:
        whose = select(order.c.member).where(order.c.id == _part(compared.c.key, 2))
        return and_(
            compared.c.left_amount.is_(None),
            table.c.member == whose.correlate(compared).scalar_subquery(),
            table.c.order_id == _part(compared.c.key, 2),
            table.c.id == _part(compared.c.key, 4),
        )

    found = union_all(*(one.correlate(compared) for one in _expected(named))).subquery("found")
    return (
        select(found.c.member, found.c.amount, found.c.on)
        .where(found.c.key == compared.c.key)
        .lateral("other")
    )


def _survivor(holder: ColumnElement[UUID]) -> ColumnElement[UUID]:
    return func.coalesce(_INTO.c.holder, holder)


def _part(key: ColumnElement[str], place: int) -> ColumnElement[Any]:
    text = func.split_part(key, ":", place)
    return case((text.regexp_match(_ID), cast(text, Uuid)))
