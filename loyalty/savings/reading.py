"""What a membership was worth: saved with its orders, beside what was paid for it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, Table, and_, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.fees import bonus_given
from loyalty.members import absorbed_members
from loyalty.members.store import members_by_id
from loyalty.membership.store import charges_of
from loyalty.membership.types import Membership
from loyalty.membership.usage import used_since
from loyalty.orders.tables import decision, order, order_line, return_line, shipment
from loyalty.orders.types import ShipmentKind
from loyalty.plans.types import Plan
from loyalty.savings.counting import SavedOrder

MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What one membership saved since it began, and the fee it is held against.

    ``saved`` counts what was shipped and stayed; ``waiting`` is of orders that are not complete.
    ``fee`` is what was paid less what was given back, tax included. ``orders`` are the newest.
    """

    membership: Membership
    since: datetime
    until: datetime
    currency: str
    saved: int
    waiting: int
    fee: int
    used: bool
    orders: Sequence[SavedOrder]


async def savings_of(
    connection: AsyncConnection, membership: Membership, plan: Plan, *, at: datetime
) -> Savings:
    """Return what a membership saved from its beginning to its end, or to now."""
    until = min(membership.ended_at or at, at)
    members = [membership.member, *await absorbed_members(connection, membership.member)]
    orders = [
        saved_order(row)
        for row in (
            await connection.execute(
                orders_that_saved(
                    order.c.member.in_(members),
                    order.c.plan == membership.plan,
                    order.c.placed_at >= membership.began_at,
                    order.c.placed_at <= until,
                )
            )
        ).mappings()
    ]
    whose = (await members_by_id(connection, [membership.member]))[membership.member]
    charges = await charges_of(connection, membership.id)
    given = await bonus_given(connection, membership.member, [charge.id for charge in charges])
    return Savings(
        membership=membership,
        since=membership.began_at,
        until=until,
        currency=plan.currency,
        saved=sum(one.counted for one in orders),
        waiting=sum(one.waiting for one in orders),
        fee=sum(
            one.net + one.tax - one.refunded_net - one.refunded_tax
            for one in charges
            if one.reason != "late"
        ),
        used=await used_since(connection, whose, membership.began_at, until, bonus=given),
        orders=orders[:MOST_LISTED],
    )


def orders_that_saved(*which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return orders that were placed with a plan and saved something, the newest first.

    Columns: member and plan, and those of a `SavedOrder`.
    """
    answer = cast(func.nullif(decision.c.document, ""), JSONB)["answer"]
    saved = cast(answer["saved"].astext, BigInteger)
    return (
        select(
            order.c.member,
            order.c.plan,
            order.c.id.label("order"),
            order.c.placed_at,
            saved.label("saved"),
            _sum_of(order_line).label("whole"),
            _sum_of(shipment, shipment.c.kind == ShipmentKind.COMPLETED.value).label("shipped"),
            _sum_of(shipment, shipment.c.kind == ShipmentKind.CANCELLED.value).label("dropped"),
            _sum_of(return_line).label("back"),
        )
        .join(
            decision, and_(decision.c.member == order.c.member, decision.c.order_id == order.c.id)
        )
        .where(order.c.plan.is_not(None), saved > 0, *which)
        .order_by(order.c.placed_at.desc(), order.c.id.desc())
    )


def saved_order(row: RowMapping) -> SavedOrder:
    """Read an order of `orders_that_saved`."""
    return SavedOrder(
        **{field.name: row[field.name] for field in fields(SavedOrder)},
    )


def _sum_of(parts: Table, *which: ColumnElement[bool]) -> ColumnElement[int]:
    """The regular prices of an order's parts."""
    summed = select(func.sum(parts.c.regular)).where(
        parts.c.member == order.c.member, parts.c.order_id == order.c.id, *which
    )
    return cast(func.coalesce(summed.scalar_subquery(), 0), BigInteger)
