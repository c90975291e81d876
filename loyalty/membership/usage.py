"""Whether a benefit of a plan was used since a charge: that decides what is given back of it.

Used is an order that a rule bound to plans gave something, unless all of it came back, and a bonus
point that was spent.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.members import Member, absorbed_members
from loyalty.membership.bonus import SOURCE
from loyalty.membership.facts import PLAN_FACTS
from loyalty.orders.tables import order, order_line, return_line
from loyalty.orders.types import OrderState
from loyalty.rule_costs.tables import order_rule


async def used_since(
    connection: AsyncConnection, whose: Member, since: datetime, until: datetime, *, bonus: int = 0
) -> bool:
    """Whether a member used a benefit in [since, until]; `bonus` points were given then."""
    members = [whose.id, *await absorbed_members(connection, whose.id)]
    for rule, version in await _gave(connection, members, since, until):
        if _is_bound((await benefits.find_rule(connection, rule, version)).document):
            return True
    if not bonus:
        return False
    lots = await ledger.lots(connection, whose.holder, at=until)
    left = sum(
        lot.remaining + lot.held for lot in lots if lot.source == SOURCE and lot.earned_at >= since
    )
    return left < bonus


async def _gave(
    connection: AsyncConnection, members: Sequence[UUID], since: datetime, until: datetime
) -> list[tuple[str, int]]:
    """Return the rules that gave something to orders of which not all came back."""
    lines, back = order_line.c, return_line.c
    bought = select(func.sum(lines.quantity)).where(
        lines.member == order.c.member, lines.order_id == order.c.id
    )
    returned = select(func.sum(back.quantity)).where(
        back.member == order.c.member, back.order_id == order.c.id
    )
    here = exists().where(
        order.c.member == order_rule.c.member,
        order.c.id == order_rule.c.order_id,
        order.c.placed_at >= since,
        order.c.placed_at <= until,
        order.c.state != OrderState.CANCELLED.value,
        bought.scalar_subquery() > func.coalesce(returned.scalar_subquery(), 0),
    )
    rows = await connection.execute(
        select(order_rule.c.rule, order_rule.c.version)
        .distinct()
        .where(
            order_rule.c.member.in_(members),
            or_(order_rule.c.money > 0, order_rule.c.points > 0),
            here,
        )
    )
    return [(row.rule, row.version) for row in rows]


def _is_bound(document: object) -> bool:
    """Whether a rule names a fact of plans."""
    return not PLAN_FACTS.isdisjoint(_facts_of(document))


def _facts_of(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("fact"), str):
            yield node["fact"]
        for below in node.values():
            yield from _facts_of(below)
    elif isinstance(node, list):
        for below in node:
            yield from _facts_of(below)
