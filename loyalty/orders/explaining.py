"""Which rule gave which points of an order, line by line, with a sentence: as decided at its place.

Reads only. What we priced is told from the stored decision; where the shop named the prices the
decision is made again from what is stored, which gives the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    Cart,
    EarnedLine,
    EarnWhy,
    Question,
    RuleSet,
    earn_sentence,
    evaluate_paid,
    facts_from,
    replay,
)
from benefits import Line as CartLine
from loyalty.checkout.programme import Programme
from loyalty.members import UnknownOrder
from loyalty.money import written
from loyalty.orders.aftersales.tables import order_claim
from loyalty.orders.decided import counters_seen, stops_seen
from loyalty.orders.reading import Found, find_order
from loyalty.orders.tables import decision
from loyalty.orders.types import Order, PricedBy


@dataclass(frozen=True, slots=True)
class LineTold:
    """What a line was to earn when it was placed, and each rule's part in it."""

    line_no: int
    line_id: str
    points: int
    basis: int
    why: tuple[EarnWhy, ...]
    rule_set: RuleSet

    def sentence(self, language: str, currency: str) -> str:
        """Return why, in one sentence: "36 = 12 × 3, Gold on member day."."""
        return earn_sentence(
            EarnedLine(self.points, self.basis, self.why),
            self.rule_set,
            language=language,
            money=lambda minor: written(minor, currency),
        )


@dataclass(frozen=True, slots=True)
class EarningTold:
    """What an order was to earn when it was placed, line by line."""

    order: Order
    rule_set: int
    points: int
    lines: tuple[LineTold, ...]


async def explain_earning(
    connection: AsyncConnection, programme: Programme, order_id: UUID
) -> EarningTold:
    """Return what each line was to earn, and why. Raises UnknownOrder.

    Three statements, and two more for a rule set that this process has not met.
    """
    found = await find_order(connection, order_id)
    if found is None:
        raise UnknownOrder(seen=str(order_id))
    return await tell_earning(connection, programme, found)


async def tell_earning(
    connection: AsyncConnection, programme: Programme, found: Found
) -> EarningTold:
    """Return the same of an order that was read already."""
    order = found.order
    rule_set = await programme.rule_set(connection, order.rule_set)
    if order.guest or not order.rule_set:
        whys: list[tuple[EarnWhy, ...]] = [()] * len(order.lines)
    elif order.priced_by is PricedBy.US:
        whys = [line.earn_why for line in replay(found.decision, rule_set).lines]
    else:
        question = await _question(connection, found)
        whys = [line.earn_why for line in evaluate_paid(rule_set, question).lines]
    if order.figures.earn and not any(whys):
        whys = await _claimed(connection, programme, order)
    lines = tuple(
        LineTold(line.line_no, line.line_id, line.figures.earn, line.figures.basis, why, rule_set)
        for line, why in zip(order.lines, whys, strict=True)
    )
    return EarningTold(order, order.rule_set, sum(line.points for line in lines), lines)


async def _claimed(
    connection: AsyncConnection, programme: Programme, order: Order
) -> list[tuple[EarnWhy, ...]]:
    """The parts of a guest's order that was claimed: decided as if its member had placed it."""
    of = order_claim.c
    mine = (of.member == order.member, of.order_id == order.id)
    claimed = (await connection.execute(select(of.rule_set, of.document).where(*mine))).first()
    if claimed is None:
        return [()] * len(order.lines)
    rule_set = await programme.rule_set(connection, claimed.rule_set)
    return [line.earn_why for line in replay(claimed.document, rule_set).lines]


async def _question(connection: AsyncConnection, found: Found) -> Question:
    """Read the question that an order of the shop's prices was decided by."""
    order = found.order
    mine = (decision.c.member == order.member, decision.c.order_id == order.id)
    known = await connection.scalar(select(decision.c.facts).where(*mine))
    return question_with(found, known or {})


def question_with(found: Found, facts: Mapping[str, object]) -> Question:
    """Return the question that an order of the shop's prices was decided by."""
    return Question(
        cart=_cart(found.order),
        at=found.order.placed_at,
        facts=facts_from(facts),
        used=counters_seen(found.decision),
        stopped=stops_seen(found.decision),
    )


def _cart(order: Order) -> Cart:
    """The cart of an order at the shop's prices; what is paid for without a basis earns nothing."""
    lines = tuple(
        CartLine(
            line_id=line.line_id,
            sku=line.sku,
            quantity=line.quantity,
            regular=line.figures.regular,
            category=line.category,
            tax=line.figures.tax,
            earns=bool(line.figures.basis) or not line.figures.total,
            brand=line.brand,
            tags=line.tags,
        )
        for line in order.lines
    )
    return Cart(
        currency=order.currency,
        lines=lines,
        channel=order.channel,
        country=order.country,
        prices_include_tax=order.prices_include_tax,
    )
