"""A plan that nobody has yet over orders that were placed: each is decided as if its member had it.

A draft of rules says what the plan gives; the plan itself need not exist. Nothing is written.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import BenefitsError, Counting, Facts, RuleChange, decide_again
from loyalty.checkout.programme import Programme
from loyalty.dry_runs.giving_back import Settling
from loyalty.dry_runs.past import placed_in, walk
from loyalty.dry_runs.sets import Sets, sets_of
from loyalty.dry_runs.types import PastOrder
from loyalty.orders.tables import order
from loyalty.orders.types import ShipmentKind
from loyalty.savings.counting import SavedOrder
from loyalty.savings.joining import Joining, joining_of

_ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What is supposed: a draft of rules, the plan they ask for, its fee for the whole span."""

    change: RuleChange
    plan: str
    fee: int
    since: datetime
    until: datetime


async def simulate_plan(
    connection: AsyncConnection, programme: Programme, supposed: Supposed
) -> Joining:
    """Decide the orders of a span as if all members had had the plan from its first day.

    Orders that came with what was paid are decided as if that had been their regular price. Limits
    of the plan's rules begin unused and count from order to order. Raises what stands in the way
    of the draft.
    """
    sets = await sets_of(connection, programme, supposed.until, supposed.change)
    found = select(order.c.member, order.c.id, order.c.placed_at).where(
        placed_in(supposed.since, supposed.until), ~order.c.guest
    )
    settling = Settling(Counting(sets.subjects))
    saved: dict[UUID, list[int]] = defaultdict(list)
    undecided = 0
    async for batch in walk(connection, found, "as-regular"):
        for past in batch:
            try:
                if past is None or past.whose is None:
                    undecided += 1
                    continue
                saved[past.whose].append(_saved(past, sets, settling, supposed))
            except BenefitsError:
                undecided += 1
    decided = sum(len(orders) for orders in saved.values())
    return joining_of(supposed.fee, saved, decided=decided, undecided=undecided)


def _saved(past: PastOrder, sets: Sets, settling: Settling, supposed: Supposed) -> int:
    """What the plan would have saved with an order, as far as it was shipped and stayed."""
    question = replace(past.question, facts=_with_plan(past.question.facts, supposed, past))
    _, asked = sets.asked(question, past.member)
    settling.settle(asked.at)
    asked = settling.counting.asked(asked, past.member, sets.drafted)
    decision = decide_again(sets.drafted, asked)
    settling.take(past, decision.charges)
    history = past.history
    return SavedOrder(
        order=history.order.id,
        placed_at=history.order.placed_at,
        saved=decision.saved,
        whole=sum(line.figures.regular for line in history.order.lines),
        shipped=sum(
            one.figures.regular for one in history.shipments if one.kind is ShipmentKind.COMPLETED
        ),
        back=sum(one.figures.regular for one in history.returns),
    ).counted


def _with_plan(facts: Facts, supposed: Supposed, past: PastOrder) -> Facts:
    days = (past.question.at - supposed.since).days
    return replace(facts, plan=supposed.plan, plan_state=_ACTIVE, days_since_plan=max(days, 0))
