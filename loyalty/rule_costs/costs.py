"""What each live rule gave since a day, and how much of its budgets is used. Reads only.

Sums are as decided when orders were placed, of all that were not cancelled; what came back since is
not taken off.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.checkout.programme import Programme
from loyalty.orders.tables import order
from loyalty.orders.types import OrderState
from loyalty.rule_costs.budgets import BudgetUsed, budgets_of, find_totals
from loyalty.rule_costs.tables import order_rule
from loyalty.tables import member


@dataclass(frozen=True, slots=True)
class RuleCost:
    """What a rule gave to how many orders and members; guests are no members."""

    rule: str
    version: int
    orders: int
    members: int
    money: int
    points: int
    budgets: tuple[BudgetUsed, ...]


async def rule_costs(
    connection: AsyncConnection, programme: Programme, at: datetime, *, since: date
) -> list[RuleCost]:
    """Return what the rules that are live gave in all their versions, by name."""
    version = await connection.scalar(benefits.live_rule_set_version(at))
    rule_set = await programme.rule_set(connection, version)
    totals = await find_totals(connection, at)
    whose = func.coalesce(member.c.merged_into, member.c.id)
    rows = await connection.execute(
        select(
            order_rule.c.rule,
            func.count(),
            func.count(whose.distinct()),
            func.sum(order_rule.c.money),
            func.sum(order_rule.c.points),
        )
        .join(
            order,
            and_(order.c.member == order_rule.c.member, order.c.id == order_rule.c.order_id),
        )
        .outerjoin(member, member.c.id == order_rule.c.member)
        .where(order_rule.c.placed_on >= since, order.c.state != OrderState.CANCELLED.value)
        .group_by(order_rule.c.rule)
    )
    gave = {rule: figures for rule, *figures in rows}
    found = []
    for rule in sorted(rule_set.rules, key=lambda each: each.name):
        orders, members, money, points = gave.get(rule.name, (0, 0, 0, 0))
        budgets = budgets_of(benefits.scope_of(rule.name), rule.rule.limits, totals)
        found.append(
            RuleCost(rule.name, rule.version, orders, members, int(money), int(points), budgets)
        )
    return found
