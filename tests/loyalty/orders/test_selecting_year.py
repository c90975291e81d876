"""On a real retailer's year SQL selects the orders and lines whose conditions the evaluator passes.

The baskets are brought along as history, so their facts are those of each household on each day.
SQL reads them at once, the evaluator one order after the other, from what is stored of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Cart, Line, Question, RuleSet, facts_from
from benefits.evaluation import find_candidates
from benefits.pricing import price
from loyalty.bootstrap import Application
from loyalty.orders.selecting import past_matches
from loyalty.orders.tables import decision, order, order_line
from tests.benefits.builders import compiled
from tests.loyalty.history.files import application, bring, publish
from tests.support.baskets import write_history
from tests.support.proofs import Proof
from tests.support.requirements import sample

__all__ = ["application"]

Document = dict[str, Any]
PASTRY = {"fact": "category", "is": "PASTRY"}
PRIVATE = {"fact": "brand", "is": "Private"}
DEAR = {"fact": "price", "at-least": 500}
WHEN: dict[str, Document] = {
    "silver": {"fact": "tier", "at-least": "silver"},
    "large": {"fact": "subtotal", "at-least": 5_000},
    "three-pastries": {"fact": "quantity", "at-least": 3, "where": PASTRY},
    "newcomers": {"any": [{"fact": "first-order", "is": True}, {"fact": "order-count", "is": 1}]},
    "back-at-once": {
        "all": [
            {"fact": "days-since-last-order", "at-most": 3},
            {"not": {"fact": "order-count", "at-least": 20}},
        ]
    },
    "no-own-brand": {"not": {"fact": "quantity", "at-least": 1, "where": PRIVATE}},
    "dear-goods": {
        "fact": "subtotal",
        "at-least": 2_000,
        "where": {"all": [DEAR, {"not": PASTRY}]},
    },
    "old-or-low": {
        "any": [
            {"fact": "days-since-joining", "at-least": 180},
            {"fact": "tier", "at-most": "standard"},
        ]
    },
}
WHERE: dict[str, Document | None] = dict.fromkeys(WHEN) | {
    "large": PRIVATE,
    "silver": {"any": [DEAR, {"fact": "amount", "at-most": 99}]},
    "back-at-once": {"not": PRIVATE},
}


def drafts() -> list[Document]:
    """Return the rules; they earn, so that none changes what another asks about."""
    bonus = {"effect": "earn", "bonus": 1}
    return [
        {"rule": name, "when": when, "effects": [bonus | ({"where": where} if where else {})]}
        for name, when in WHEN.items()
        for where in (WHERE[name],)
    ]


async def past_orders(connection: AsyncConnection) -> AsyncIterator[tuple[UUID, Question]]:
    """Read every order as the question it was, from what is stored of it."""
    line = order_line.c
    said = (line.line_no, line.sku, line.quantity, line.regular, line.category, line.brand)
    stored = (
        select(order.c.id, order.c.placed_at, decision.c.facts, lines_of(*said))
        .join(order_line, order_line.c.order_id == order.c.id)
        .join(decision, decision.c.order_id == order.c.id)
        .group_by(order.c.id, order.c.placed_at, decision.c.facts)
        .execution_options(yield_per=2_000)
    )
    async for one, at, facts, lines in await connection.stream(stored):
        found = tuple(
            Line(str(line_no), sku, quantity, regular, category, brand=brand or "")
            for line_no, sku, quantity, regular, category, brand in lines
        )
        yield one, Question(Cart("USD", found), at, facts_from(facts))


def lines_of(*columns: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the lines of an order as one array."""
    return func.json_agg(func.json_build_array(*columns), type_=JSON)


def passed(rules: RuleSet, question: Question) -> dict[str, set[int]]:
    """Return the rules that the evaluator lets work on an order, each with the lines it picks."""
    candidates = find_candidates(rules, question)
    till = price(question, candidates, len(candidates))
    till.scene.close_step(till.totals)
    found = {}
    for each in candidates:
        (effect,) = each.rule.steps[0][1]
        if till.passes(each):
            picked = each.picked(effect.picks, till.scene)
            found[each.rule.name] = {int(question.cart.lines[at].line_id) for at in picked}
    return {rule: lines for rule, lines in found.items() if lines}


async def test_sql_and_the_evaluator_agree_on_a_real_year(
    application: Application, owner_connection: AsyncConnection, tmp_path: Path, proof: Proof
) -> None:
    path = tmp_path / "orders.csv"
    await asyncio.to_thread(write_history, path, sample(quick=300, full=1_000_000))
    await publish(application)
    brought = await bring(application, path)
    await owner_connection.execute(text("analyze"))  # autovacuum is off in tests
    rules = compiled(*drafts())
    by_sql: dict[str, set[tuple[UUID, int]]] = {}
    orders_by_sql: dict[str, set[UUID]] = {}
    by_us: dict[str, set[tuple[UUID, int]]] = {name: set() for name in WHEN}
    seconds = {"SQL": 0.0, "evaluator": 0.0}

    async with application.database.snapshot() as connection:
        await connection.execute(text("set local statement_timeout = 0"))
        await connection.execute(text("set local idle_in_transaction_session_timeout = 0"))
        begun = time.perf_counter()
        for name in WHEN:
            found = past_matches(rules, name)
            assert found.exact
            orders_by_sql[name] = {one for _, one in await connection.execute(found.orders)}
            picked = await connection.execute(found.lines)
            by_sql[name] = {(one, line_no) for _, one, line_no in picked}
        seconds["SQL"] = time.perf_counter() - begun
        begun, evaluated = time.perf_counter(), 0
        async for one, question in past_orders(connection):
            evaluated += 1
            for name, numbers in passed(rules, question).items():
                by_us[name] |= {(one, line_no) for line_no in numbers}
        seconds["evaluator"] = time.perf_counter() - begun

    assert evaluated == brought.orders
    for name, lines in by_us.items():
        assert by_sql[name] == lines, name
        assert orders_by_sql[name] == {one for one, _ in lines}, name
        assert 0 < len(orders_by_sql[name]) < evaluated, name
    proof("orders of a real year read by SQL and by the evaluator", evaluated)
    proof("rules asked of them", len(WHEN))
    proof("lines that both picked", sum(map(len, by_us.values())))
    proof("SQL", round(seconds["SQL"], 1), "s")
    proof("the evaluator, one order after the other", round(seconds["evaluator"], 1), "s")
