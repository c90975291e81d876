"""What each rule gave to single orders, as it was decided when they were placed. Reads only."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.rule_costs.tables import order_rule


async def given_to(
    connection: AsyncConnection, members: Collection[UUID], orders: Collection[UUID]
) -> Mapping[tuple[UUID, str], tuple[int, int]]:
    """Return money and points by order and rule, for orders of these members."""
    rows = await connection.execute(
        select(order_rule.c.order_id, order_rule.c.rule, order_rule.c.money, order_rule.c.points)
        .where(order_rule.c.member.in_(members), order_rule.c.order_id.in_(orders))
        .order_by(order_rule.c.order_id, order_rule.c.rule)
    )
    return {(row.order_id, row.rule): (row.money, row.points) for row in rows}
