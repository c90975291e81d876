"""Uses of rules by members and orders: the counters that limits and budgets are judged by."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.records import RuleUse
from benefits.tables import rule_use


async def record_uses(
    connection: AsyncConnection, member: UUID, order: UUID, uses: Sequence[RuleUse], *, at: datetime
) -> None:
    """Record as reserved what rules gave an order; the same order again changes nothing."""
    if not uses:
        return
    rows = [
        {
            "member": member,
            "order_id": order,
            "rule": use.rule,
            "version": use.version,
            "amount": use.amount,
            "points": use.points,
            "state": "reserved",
            "used_at": at,
        }
        for use in uses
    ]
    await connection.execute(insert(rule_use).values(rows).on_conflict_do_nothing())


def uses_of(
    member: UUID | ColumnElement[UUID],
) -> Select[str, int, int, int]:
    """Rows `rule, uses, amount, points`: what rules have given a member, not given back."""
    return (
        select(
            rule_use.c.rule,
            func.count().label("uses"),
            func.sum(rule_use.c.amount).label("amount"),
            func.sum(rule_use.c.points).label("points"),
        )
        .where(rule_use.c.member == member, rule_use.c.state != "given-back")
        .group_by(rule_use.c.rule)
    )
