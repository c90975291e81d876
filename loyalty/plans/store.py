"""Plans as they are stored, each with its prices."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.plans.errors import PlanArchived, PlanUnknown, PriceArchived, PriceUnknown
from loyalty.plans.tables import plan, plan_price
from loyalty.plans.types import Adapter, Every, Plan, Price, RefundPolicy, Tax

MOST_PLANS: Final = 500


async def list_plans(connection: AsyncConnection) -> list[Plan]:
    """Return every plan, the archived ones too, in the order of their codes."""
    rows = (await connection.execute(select(plan).order_by(plan.c.code).limit(MOST_PLANS))).all()
    prices = await _prices(connection, [row.code for row in rows])
    return [_plan(row, prices.get(row.code, ())) for row in rows]


async def find_plan(connection: AsyncConnection, code: str) -> Plan:
    """Return a plan, also an archived one. Raises PlanUnknown."""
    row = (await connection.execute(select(plan).where(plan.c.code == code))).one_or_none()
    if row is None:
        raise PlanUnknown(seen=code[:80])
    return _plan(row, (await _prices(connection, [code])).get(code, ()))


async def plan_of_price(connection: AsyncConnection, price: UUID) -> Plan:
    """Return the plan that has a price of this id. Raises PriceUnknown."""
    code = await connection.scalar(select(plan_price.c.plan).where(plan_price.c.id == price))
    if code is None:
        raise PriceUnknown(plan="", seen=str(price))
    return await find_plan(connection, code)


async def lock_plan(connection: AsyncConnection, code: str) -> Plan:
    """Return a plan with its row locked. Raises PlanUnknown."""
    await connection.execute(select(plan.c.code).where(plan.c.code == code).with_for_update())
    return await find_plan(connection, code)


def price_of(found: Plan, code: str) -> Price:
    """Return the price of a plan by its code, also an archived one. Raises PriceUnknown."""
    for price in found.prices:
        if price.code == code:
            return price
    raise PriceUnknown(plan=found.code, seen=code[:80], pointer="/price")


def open_price(found: Plan, code: str) -> Price:
    """Return a price at which a plan can be had now. Raises PlanArchived and PriceArchived."""
    price = price_of(found, code)
    if found.archived_at is not None:
        raise PlanArchived(seen=found.code, pointer="/plan")
    if price.archived_at is not None:
        raise PriceArchived(plan=found.code, seen=code, pointer="/price")
    return price


async def _prices(
    connection: AsyncConnection, codes: Sequence[str]
) -> Mapping[str, Sequence[Price]]:
    found: dict[str, list[Price]] = {}
    for row in await connection.execute(
        select(plan_price)
        .where(plan_price.c.plan.in_(codes))
        .order_by(plan_price.c.amount, plan_price.c.id)
    ):
        found.setdefault(row.plan, []).append(
            Price(
                id=row.id,
                plan=row.plan,
                code=row.code,
                every=cast("Every", row.every),
                amount=row.amount,
                tax=cast("Tax", row.tax),
                opened_at=row.opened_at,
                archived_at=row.archived_at,
            )
        )
    return found


def _plan(row: Row[*tuple[Any, ...]], prices: Sequence[Price]) -> Plan:
    return Plan(
        code=row.code,
        adapter=cast("Adapter", row.adapter),
        titles=row.titles,
        currency=row.currency,
        tier_floor=row.tier_floor,
        trial_days=row.trial_days,
        trial_needs_card=row.trial_needs_card,
        bonus_points=row.bonus_points,
        grace_days=row.grace_days,
        margin_hours=row.margin_hours,
        refund_policy=cast("RefundPolicy", row.refund_policy),
        withdrawal_days=row.withdrawal_days,
        opened_at=row.opened_at,
        archived_at=row.archived_at,
        prices=tuple(prices),
    )
