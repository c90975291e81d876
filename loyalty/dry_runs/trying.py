"""A draft tried on one cart, or on one past order: both answers side by side. Nothing is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.checkout.basket import Basket, question_of, refuse_unfit
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked, take_snapshot
from loyalty.dry_runs.past import past_order
from loyalty.dry_runs.sets import sets_of
from loyalty.dry_runs.types import ShopPriced
from loyalty.members import Ref, UnknownMember
from loyalty.orders.reading import Found, find_order_by
from loyalty.orders.tables import decision
from loyalty.orders.types import PricedBy

_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Tried:
    """A question decided by what is live and with a draft; `placed` is what a past order was."""

    trial: benefits.Trial
    rule_set: int | None
    paid: bool
    placed: benefits.Decision | None = None


async def try_cart(
    connection: AsyncConnection,
    programme: Programme,
    draft_id: UUID,
    ref: Ref | None,
    basket: Basket,
    *,
    at: datetime,
) -> Tried:
    """Decide a cart of a member or guest now, without the draft and with it.

    Raises RuleDraftUnknown, what stands in the way of the draft, and what a quote would.
    """
    draft = await benefits.find_rule_draft(connection, draft_id)
    sets = await sets_of(connection, programme, at, draft.change)
    skus = [line.sku for line in basket.cart.lines]
    snapshot = await take_snapshot(connection, programme, Asked(ref, at, at, skus, basket.codes))
    if ref is not None and snapshot.member is None:
        raise UnknownMember(seen=ref.text[:80], pointer="/cart/member")
    refuse_unfit(basket, snapshot)
    question = question_of(basket, snapshot, at)
    benefits.evaluate(sets.live, question)  # what a quote refuses is refused
    member = _NOBODY if snapshot.member is None else snapshot.member.id
    return Tried(sets.decide(question, member), sets.version, paid=False)


async def try_order(
    connection: AsyncConnection,
    programme: Programme,
    draft_id: UUID,
    ref: Ref,
    *,
    at: datetime,
    shop_priced: ShopPriced = "earning",
) -> Tried:
    """Decide a past order as it was, by what is live now, without the draft and with it.

    Raises RuleDraftUnknown, what stands in the way of the draft, UnknownOrder, DecisionDamaged.
    """
    draft = await benefits.find_rule_draft(connection, draft_id)
    sets = await sets_of(connection, programme, at, draft.change)
    found = await find_order_by(connection, ref)
    placed = found.order
    mine = (decision.c.member == placed.member, decision.c.order_id == placed.id)
    facts = await connection.scalar(select(decision.c.facts).where(*mine))
    past = past_order(found, facts or {}, placed.member, shop_priced)
    if past is None:
        raise benefits.DecisionDamaged(reason="its question is malformed")
    trial = sets.decide(past.question, past.member, paid=past.paid)
    was = await _as_placed(connection, programme, found, past.question)
    return Tried(trial, sets.version, paid=past.paid, placed=was)


async def _as_placed(
    connection: AsyncConnection, programme: Programme, found: Found, question: benefits.Question
) -> benefits.Decision:
    rule_set = await programme.rule_set(connection, found.order.rule_set)
    if found.order.priced_by is PricedBy.US:
        return benefits.replay(found.decision, rule_set)
    return benefits.evaluate_paid(rule_set, question)
