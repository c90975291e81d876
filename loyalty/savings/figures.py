"""What a plan brings and costs: who came and left, who paid after a trial, revenue, benefits."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.books.allocation import half_up
from loyalty.fees import fee_roll_forward
from loyalty.membership.reasons import reasons_to_leave
from loyalty.membership.tables import membership, membership_charge
from loyalty.orders.tables import order
from loyalty.plans.tables import plan_price
from loyalty.plans.types import Plan
from loyalty.policy import policy_at
from loyalty.savings.reading import orders_that_saved, saved_order


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFigures:
    """One plan over whole months, in members and in minor units net of tax.

    ``members`` had it at some time; ``lost`` had it at the start and have left by the end.
    ``benefits`` is what its rules took off orders of the span, as far as they were shipped and
    stayed. ``gained`` of those who paid saved at least what they paid, tax included. ``reasons``
    counts why memberships ended, of those who said it.
    """

    plan: str
    since: date
    until: date
    currency: str
    at_start: int
    joined: int
    lost: int
    at_end: int
    members: int
    trials_over: int
    trials_paid: int
    revenue: int
    benefits: int
    payers: int
    gained: int
    reasons: Mapping[str, int]

    @property
    def benefits_per_member(self) -> int:
        """What its rules took off for each member, rounded half up."""
        return half_up(self.benefits, self.members) if self.members else 0

    @property
    def result(self) -> int:
        """What is left of its revenue after its benefits: from zero on it pays for itself."""
        return self.revenue - self.benefits


async def plan_figures(
    connection: AsyncConnection, plan: Plan, *, since: date, until: date, at: datetime
) -> PlanFigures:
    """Return what a plan brought and cost in the months of ``[since, until)``, as known now."""
    policy = await policy_at(connection, at)
    begins, ends = policy.midnight(since), min(policy.midnight(until), at)
    lived = (await connection.execute(_lived(plan.code, begins, ends))).one()
    rolled = await fee_roll_forward(connection, known_by=at, since=since, until=until)
    own = [one.moved for one in rolled.months if one.plan == plan.code]
    saved: dict[UUID, int] = defaultdict(int)
    for row in (
        await connection.execute(
            orders_that_saved(
                order.c.plan == plan.code, order.c.placed_at >= begins, order.c.placed_at < ends
            )
        )
    ).mappings():
        saved[row["member"]] += saved_order(row).counted
    paid = {
        row.member: row.paid for row in await connection.execute(_paid(plan.code, begins, ends))
    }
    return PlanFigures(
        plan=plan.code,
        since=since,
        until=until,
        currency=plan.currency,
        at_start=lived.at_start,
        joined=lived.joined,
        lost=lived.lost,
        at_end=lived.at_end,
        members=lived.members,
        trials_over=lived.trials_over,
        trials_paid=lived.trials_paid,
        revenue=sum(one.recognised - one.reversed for one in own),
        benefits=sum(saved.values()),
        payers=len(paid),
        gained=sum(saved[member] >= amount for member, amount in paid.items()),
        reasons=await reasons_to_leave(connection, plan.code, begins, ends),
    )


def _lived(plan: str, begins: datetime, ends: datetime) -> Select[*tuple[Any, ...]]:
    """Count memberships of a plan: those that change it count for the one they have now."""
    row = membership.c
    ended_later = or_(row.ended_at.is_(None), row.ended_at >= ends)
    at_start = and_(row.began_at < begins, or_(row.ended_at.is_(None), row.ended_at >= begins))
    trial_over = and_(row.trial_ends_at >= begins, row.trial_ends_at < ends)
    paid = exists().where(
        membership_charge.c.member == row.member,
        membership_charge.c.membership == row.id,
        membership_charge.c.reason != "late",
    )
    alive = and_(row.began_at < ends, or_(row.ended_at.is_(None), row.ended_at >= begins))

    def counted(*which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(*which)

    return select(
        counted(at_start).label("at_start"),
        counted(row.began_at >= begins).label("joined"),
        counted(at_start, row.ended_at < ends).label("lost"),
        counted(ended_later).label("at_end"),
        counted().label("members"),
        counted(trial_over).label("trials_over"),
        counted(trial_over, paid).label("trials_paid"),
    ).where(row.plan == plan, alive)


def _paid(plan: str, begins: datetime, ends: datetime) -> Select[*tuple[Any, ...]]:
    """What each member paid for the plan in the span, tax included, less what went back."""
    row = membership_charge.c
    kept = row.net + row.tax - row.refunded_net - row.refunded_tax
    return (
        select(row.member, func.sum(kept).label("paid"))
        .join(plan_price, plan_price.c.id == row.price)
        .where(plan_price.c.plan == plan, row.paid_at >= begins, row.paid_at < ends)
        .group_by(row.member)
        .having(func.sum(kept) > 0)
    )
