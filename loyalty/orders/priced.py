"""From a decision to the order and the rows that keep it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from benefits import Decision, LineAnswer, decision_text, facts_document, given_by
from benefits import Line as CartLine
from loyalty.checkout.basket import Basket
from loyalty.checkout.snapshot import Snapshot
from loyalty.orders.decided import paid_document
from loyalty.orders.figures import Figures
from loyalty.orders.rows import Row
from loyalty.orders.types import Line, Order, PricedBy


def order_of(
    basket: Basket,
    decision: Decision,
    *,
    id_: UUID,
    snapshot: Snapshot,
    priced_by: PricedBy,
    placed_at: datetime,
    paid_at: datetime | None,
    hold_until: datetime | None,
) -> Order:
    """Return the order that a decision makes of a basket."""
    cart, member = basket.cart, snapshot.member
    facts = decision.question.facts
    return Order(
        member=id_ if member is None else member.id,
        id=id_,
        placed_at=placed_at,
        placed_on=snapshot.policy.day_of(placed_at),
        currency=cart.currency,
        lines=_lines(basket, decision),
        guest=member is None,
        priced_by=priced_by,
        channel=cart.channel,
        country=cart.country,
        prices_include_tax=cart.prices_include_tax,
        shipping_method=cart.shipping_method,
        shipping_regular=decision.shipping.regular,
        shipping_total=decision.shipping.total,
        shipping_points=decision.shipping.points,
        shipping_points_value=decision.shipping.points_value,
        rule_set=decision.rule_set,
        policy=snapshot.policy.version,
        tier=facts.tier,
        plan=facts.plan,
        hold_until=hold_until,
        paid_at=paid_at,
    )


def decision_row(order: Order, decision: Decision) -> Row:
    """Return the row that keeps the decision; for the shop's prices it says what earned."""
    if order.priced_by is PricedBy.SHOP:
        applied = ((each.rule, each.version) for each in decision.applied)
        document = paid_document(applied, decision.question.used, decision.question.stopped)
    else:
        document = decision_text(decision)
    facts = msgspec.Raw(msgspec.json.encode(facts_document(decision.question.facts)))
    return (order.member, order.id, decision.rule_set, decision.revision, facts, document)


def rules_of(order: Order, decision: Decision) -> list[Row]:
    """Return the rows of what each rule gave."""
    return [
        (order.member, order.id, each.rule, each.version, order.placed_on, money, points)
        for each, (money, points) in zip(decision.applied, given_by(decision).values(), strict=True)
    ]


def vouchers_of(order: Order, decision: Decision) -> list[Row]:
    """Return the rows of the vouchers used, each with the lines it took money off."""
    return [
        (
            order.member,
            order.id,
            used.id,
            used.member,
            [
                line_no
                for line_no, line in enumerate(decision.lines, start=1)
                if any(discount.voucher == used.id for discount in line.discounts)
            ],
        )
        for used in decision.vouchers
    ]


def exempt_by_number(basket: Basket) -> Mapping[int, str]:
    """Return the shop's reasons of lines that earn nothing or do not qualify, by line number."""
    return {
        line_no: basket.exempt[line.line_id]
        for line_no, line in enumerate(basket.cart.lines, start=1)
        if line.line_id in basket.exempt
    }


def _lines(basket: Basket, decision: Decision) -> tuple[Line, ...]:
    include = basket.cart.prices_include_tax
    numbers = {line.line_id: line_no for line_no, line in enumerate(basket.cart.lines, start=1)}
    gifts = {gift: numbers[line_id] for gift, line_id in basket.gifts.items()}
    return tuple(
        Line(
            line_no=line_no,
            line_id=asked.line_id,
            sku=asked.sku,
            category=asked.category,
            quantity=asked.quantity,
            figures=Figures(
                regular=answer.regular,
                total=answer.total,
                tax=_tax(asked, answer, included=include),
                points=answer.points,
                points_value=answer.points_value,
                basis=answer.basis,
                earn=answer.earn,
            ),
            qualifies=asked.line_id not in basket.unqualified,
            gift_with=gifts.get(asked.line_id),
            brand=asked.brand,
            tags=asked.tags,
        )
        for line_no, (asked, answer) in enumerate(
            zip(basket.cart.lines, decision.lines, strict=True), start=1
        )
    )


def _tax(asked: CartLine, answer: LineAnswer, *, included: bool) -> int:
    """The tax on what is paid for the line: contained in it, or on top of it."""
    if not asked.regular:
        return 0
    if included:
        net = max(0, asked.regular - asked.tax)
        return answer.total - answer.total * net // asked.regular
    return asked.tax * answer.total // asked.regular
