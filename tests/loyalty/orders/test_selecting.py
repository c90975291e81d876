"""What SQL selects of past orders is what the evaluator passes: no more, no less, where it says so.

Both read the same orders: once as rows with the facts that their decisions keep, once as carts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    Cart,
    Facts,
    Line,
    PresentedVoucher,
    Question,
    RuleSet,
    decision_text,
    evaluate,
    facts_document,
)
from benefits.evaluation import find_candidates
from benefits.language.nodes import FACTS as ASKED
from benefits.language.nodes import LINE_FACTS
from benefits.pricing import price
from benefits.selecting import SUMMED
from loyalty.orders import tables
from loyalty.orders.selecting import FACTS, LINES, past_matches
from tests.benefits import asking
from tests.benefits.builders import TIERS, compiled
from tests.support.requirements import sample

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
DRAFT = "draft"
CARD = {"rule": "card", "effects": [{"effect": "exclusive-price", "line_price": True}]}
TENTH = {
    "rule": "tenth",
    "when": {"fact": "tier", "at-least": "silver"},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "lines"}],
}
EFFECTS: tuple[dict[str, Any], ...] = (
    {"effect": "earn", "bonus": 5},
    {"effect": "exclusive-price", "line_price": True},
    {"effect": "percent-off", "percent": 5, "target": "lines"},
    {"effect": "amount-off", "amount": 100, "target": "order"},
)


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that was placed, as the question it was and as the rows that keep it."""

    id: UUID
    question: Question
    state: str

    @property
    def member(self) -> UUID:
        """Whose it is; a guest's stands under its own id."""
        return UUID(int=self.id.int + 1_000) if self.question.facts.member else self.id


def some_orders(count: int) -> list[PastOrder]:
    """Return orders of all kinds, always the same."""
    chance = Random(6)
    return [
        PastOrder(
            UUID(int=number + 1),
            Question(
                cart=_cart(chance),
                at=BEGAN + timedelta(hours=number),
                facts=_facts(chance),
                vouchers=tuple(
                    PresentedVoucher(code, refusal="voucher-not-found")
                    for code in asking.CODES
                    if chance.random() < 0.2
                ),
            ),
            chance.choice(("open", "completed", "completed", "cancelled")),
        )
        for number in range(count)
    ]


def _facts(chance: Random) -> Facts:
    if chance.random() < 0.2:
        return Facts()
    windows: tuple[tuple[str, ...], ...] = ((), ("month",), ("week", "month"))
    paying = chance.random() < 0.3
    return Facts(
        member=True,
        tier=chance.choice((*TIERS, None)),
        member_class=chance.choice(("consumer", "staff")),
        days_since_joining=chance.randint(0, 900),
        birthday=chance.choice(windows),
        tags=_some(chance, asking.WORDS),
        order_count=chance.randint(0, 5),
        plan="club" if paying else None,
        plan_state=chance.choice(("active", "trial")) if paying else None,
        days_since_plan=chance.randint(0, 40) if paying else None,
        days_since_last_order=chance.choice((None, 0, 3, 40, 90)),
        lists=_some(chance, asking.WORDS),
    )


def _cart(chance: Random) -> Cart:
    lines = tuple(
        Line(
            str(number),
            chance.choice(asking.SKUS),
            chance.randint(1, 4),
            regular := chance.choice((0, 999, 1000, 2500, chance.randint(1, 5000))),
            chance.choice((*asking.CATEGORIES, "")),
            member_amount=chance.choice((None, regular * 9 // 10)),
            brand=chance.choice((*asking.BRANDS, "")),
            tags=_some(chance, asking.TAGS),
        )
        for number in range(1, chance.randint(2, 6))
    )
    return Cart(
        "USD",
        lines,
        shipping_method=chance.choice((*asking.METHODS, "")),
        channel=chance.choice((*asking.CHANNELS, "")),
        country=chance.choice((*asking.COUNTRIES, "")),
    )


def _some(chance: Random, words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if chance.random() < 0.4)


ORDERS = some_orders(120)


NOTHING = dict.fromkeys(("total", "tax", "points", "points_value", "basis", "earn"), 0)
NO_SHIPPING = dict.fromkeys(
    ("shipping_regular", "shipping_total", "shipping_points", "shipping_points_value"), 0
)


def order_row(one: PastOrder) -> dict[str, Any]:
    """Return the row of an order."""
    cart, at = one.question.cart, one.question.at
    return {
        **NOTHING,
        **NO_SHIPPING,
        **dict.fromkeys(("rule_set", "policy"), 0),
        **dict.fromkeys(("actor", "request_id"), "test"),
        "member": one.member,
        "id": one.id,
        "guest": one.member == one.id,
        "priced_by": "us",
        "state": one.state,
        "placed_at": at,
        "placed_on": at.date(),
        "currency": cart.currency,
        "regular": sum(line.regular for line in cart.lines),
        "prices_include_tax": False,
        "channel": cart.channel,
        "country": cart.country,
        "shipping_method": cart.shipping_method,
    }


def line_row(one: PastOrder, line: Line) -> dict[str, Any]:
    """Return the row of a line."""
    return {
        **NOTHING,
        "member": one.member,
        "order_id": one.id,
        "line_no": int(line.line_id),
        "line_id": line.line_id,
        "sku": line.sku,
        "category": line.category,
        "quantity": line.quantity,
        "regular": line.regular,
        "qualifies": True,
        "brand": line.brand or None,
        "tags": list(line.tags) or None,
    }


def decision_row(one: PastOrder) -> dict[str, Any]:
    """Return the row of what was decided, by no rules."""
    return {
        "member": one.member,
        "order_id": one.id,
        "rule_set": 0,
        "revision": 2,
        "facts": facts_document(one.question.facts),
        "document": decision_text(evaluate(compiled(), one.question)),
    }


@pytest.fixture
async def past(connection: AsyncConnection) -> AsyncConnection:
    """The orders as rows."""
    lines = [line_row(one, line) for one in ORDERS for line in one.question.cart.lines]
    await connection.execute(insert(tables.order), [order_row(one) for one in ORDERS])
    await connection.execute(insert(tables.order_line), lines)
    await connection.execute(insert(tables.decision), [decision_row(one) for one in ORDERS])
    return connection


def passed(rule_set: RuleSet, question: Question) -> bool:
    """Whether the evaluator lets the draft work on an order."""
    candidates = find_candidates(rule_set, question)
    till = price(question, candidates, len(candidates))
    till.scene.close_step(till.totals)
    return any(till.passes(each) for each in candidates if each.rule.name == DRAFT)


async def selected(
    connection: AsyncConnection, rule_set: RuleSet, **window: datetime
) -> tuple[set[UUID], set[tuple[UUID, int]], bool]:
    """Return the orders and lines that SQL selects, and whether it says that they are all."""
    found = past_matches(rule_set, DRAFT, **window)
    orders = {row.order_id for row in await connection.execute(found.orders)}
    lines = {(row.order_id, row.line_no) for row in await connection.execute(found.lines)}
    return orders, lines, found.exact


def draft(effect: dict[str, Any], when: dict[str, Any]) -> dict[str, Any]:
    """Return the rule that is to be tried."""
    return {"rule": DRAFT, "when": when, "effects": [effect]}


def drafts() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a rule of any kind with any condition that its step allows."""
    stages = {"earn": 5, "exclusive-price": 0, "percent-off": 1, "amount-off": 2}
    return st.sampled_from(EFFECTS).flatmap(
        lambda effect: asking.questions_up_to(stages[effect["effect"]]).map(
            lambda when: draft(effect, when)
        )
    )


thoroughly = settings(
    max_examples=sample(quick=60, full=2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(rule=drafts())
@thoroughly
async def test_sql_selects_the_orders_whose_conditions_the_evaluator_passes(
    past: AsyncConnection, rule: dict[str, Any]
) -> None:
    alone, among = compiled(rule), compiled(rule, CARD, TENTH)
    for rule_set in (alone, among):
        wanted = {
            one.id for one in ORDERS if one.state != "cancelled" and passed(rule_set, one.question)
        }

        orders, _, exact = await selected(past, rule_set)

        assert orders >= wanted
        assert orders == wanted or not exact


@given(where=asking.line_questions)
@thoroughly
async def test_sql_selects_the_lines_that_an_effect_works_on(
    past: AsyncConnection, where: dict[str, Any]
) -> None:
    effect = {"effect": "amount-off", "amount": 10, "target": "lines", "where": where}
    rule_set = compiled({"rule": DRAFT, "effects": [effect]})
    picks = rule_set.rules[0].steps[0][1][0].picks
    assert picks is not None
    wanted = {
        (one.id, int(line.line_id))
        for one in ORDERS
        for line in one.question.cart.lines
        if one.state != "cancelled" and picks(line)
    }

    orders, lines, exact = await selected(past, rule_set)

    assert lines == wanted
    assert orders == {order for order, _ in wanted}
    assert exact


async def test_only_orders_of_the_window_are_selected(past: AsyncConnection) -> None:
    rule_set = compiled(draft(EFFECTS[0], {"fact": "quantity", "at-least": 1}))
    since, until = ORDERS[10].question.at, ORDERS[20].question.at

    orders, _, _ = await selected(past, rule_set, since=since, until=until)

    assert orders == {one.id for one in ORDERS[10:20] if one.state != "cancelled"}


async def test_what_goods_cost_after_a_step_of_the_rules_is_left_to_the_evaluator(
    past: AsyncConnection,
) -> None:
    when = {"fact": "subtotal", "at-least": 3000}
    alone = await selected(past, compiled(draft(EFFECTS[3], when)))
    among = await selected(past, compiled(draft(EFFECTS[3], when), CARD))
    refused = {"not": {"fact": "subtotal", "at-least": 3000}}
    instead = await selected(past, compiled(draft(EFFECTS[3], refused), CARD))

    assert (alone[2], among[2], instead[2]) == (True, False, False)
    assert alone[0] == among[0]
    assert instead[0] == {one.id for one in ORDERS if one.state != "cancelled"}


async def test_a_rule_about_an_event_is_about_no_order(past: AsyncConnection) -> None:
    rule = {"rule": DRAFT, "on": "check-in", "effects": [{"effect": "earn", "bonus": 5}]}

    assert await selected(past, compiled(rule)) == (set(), set(), True)


def test_every_fact_has_a_column() -> None:
    assert ASKED.keys() - SUMMED.keys() - FACTS.keys() == set()
    assert {*LINE_FACTS, "quantity"} - LINES.keys() == set()
