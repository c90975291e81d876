"""Past orders for a dry run, in order of time and a batch at once: as many orders, as flat memory.

One cursor walks over the ids of the orders that a change may concern; each batch of them is read
whole, with its shipments, returns and decisions, in one statement.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, func, literal, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import BenefitsError, stored_question
from loyalty.dry_runs.sets import Sets
from loyalty.dry_runs.types import DryRun, PastOrder, ShopPriced
from loyalty.orders.explaining import question_with
from loyalty.orders.reading import Found, history_json, read_found
from loyalty.orders.selecting import past_matches
from loyalty.orders.tables import decision, order
from loyalty.orders.types import OrderState, PricedBy
from loyalty.tables import member

BATCH: Final = 200
MOST_READ_APART: Final = 20
"""A change of more rules than this is tried on every order rather than selected for."""


def matched(run: DryRun, sets: Sets) -> Select[UUID, UUID, datetime]:
    """The orders that a change may concern, by the rules as they are and as they would be."""
    placed = placed_in(run.since, run.until)
    found = select(order.c.member, order.c.id, order.c.placed_at).where(placed)
    readings = [
        past_matches(rule_set, rule.name, since=run.since, until=run.until).orders
        for rule_set in (sets.live, sets.drafted)
        for rule in rule_set.rules
        if rule.name in sets.touched
    ]
    if not readings or len(readings) > MOST_READ_APART:
        return found
    either = union(*readings).subquery("either")
    whose = and_(either.c.member == order.c.member, either.c.order_id == order.c.id)
    return found.join_from(order, either, whose)


def placed_in(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Which orders a dry run is about: those placed in `[since, until)` and not cancelled."""
    return and_(
        order.c.placed_at >= since,
        order.c.placed_at < until,
        order.c.state != OrderState.CANCELLED.value,
    )


async def walk(
    connection: AsyncConnection, found: Select[UUID, UUID, datetime], shop_priced: ShopPriced
) -> AsyncIterator[list[PastOrder | None]]:
    """Yield the orders in order of time, a batch at once; None for one that cannot be read."""
    ordered = found.order_by(order.c.placed_at, order.c.id)
    cursor = await connection.stream(ordered.execution_options(yield_per=BATCH))
    async for rows in cursor.partitions(BATCH):
        yield await _read(connection, [(row[0], row[1]) for row in rows], shop_priced)


async def _read(
    connection: AsyncConnection, keys: Sequence[tuple[UUID, UUID]], shop_priced: ShopPriced
) -> list[PastOrder | None]:
    asked = (
        func.unnest(
            literal([whose for whose, _ in keys], ARRAY(Uuid)),
            literal([one for _, one in keys], ARRAY(Uuid)),
        )
        .table_valued("member", "id", name="asked")
        .render_derived()
    )
    whole = history_json(order.c.member, order.c.id)
    survivor = func.coalesce(member.c.merged_into, member.c.id)
    rows = await connection.execute(
        select(order.c.guest, survivor, decision.c.facts, whole)
        .select_from(asked)
        .join(order, and_(order.c.member == asked.c.member, order.c.id == asked.c.id))
        .outerjoin(
            decision,
            and_(decision.c.member == order.c.member, decision.c.order_id == order.c.id),
        )
        .outerjoin(member, member.c.id == order.c.member)
        .order_by(order.c.placed_at, order.c.id)
    )
    return [
        past_order(read_found(stored), facts or {}, whose, shop_priced)
        for _, whose, facts, stored in rows
    ]


def past_order(
    found: Found, facts: Mapping[str, Any], whose: UUID | None, shop_priced: ShopPriced
) -> PastOrder | None:
    """The order as it was decided; None where what is stored of that cannot be read.

    What the shop priced came with what was paid: that is taken for the regular price where prices
    are decided at all.
    """
    placed = found.order
    ours = placed.priced_by is PricedBy.US
    try:
        question = stored_question(found.decision) if ours else question_with(found, facts)
    except BenefitsError:
        return None
    return PastOrder(
        member=placed.member,
        whose=None if placed.guest else whose,
        question=question,
        history=found.history,
        paid=not ours and shop_priced == "earning",
    )
