"""The orders that a draft rule may concern, selected among a million order lines.

A rule that asks of the member, of the order, and of sums over some of its lines, and one that also
works on certain lines only. Beside each stands one sequential scan of the lines, in turns. What
was selected is then decided by the evaluator, some of it, and told by order.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import RuleSet, RuleVersion, compile_rule_set, decide_again
from loyalty.bench import budgets
from loyalty.bench.figures import Figure, beside, ratio
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.database import LONG, Database
from loyalty.dry_runs.past import walk
from loyalty.orders.selecting import past_matches
from loyalty.orders.tables import order, order_line

TIERS: Final = ("standard", "silver", "gold", "diamond")
LINES: Final = 10
"""Lines of an order."""
DECIDED: Final = 2_000
"""How many of the selected orders are decided at most."""
DRAFTS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "rule": "draft",
        "when": {
            "all": [
                {"fact": "tier", "at-least": "silver"},
                {"fact": "channel", "is": "web"},
                {
                    "fact": "subtotal",
                    "at-least": 3_000,
                    "where": {"fact": "category", "in": ["CAT-3", "CAT-7"]},
                },
                {"not": {"fact": "tags", "has": "staff"}},
            ]
        },
        "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
    },
    {
        "rule": "draft",
        "when": {
            "any": [
                {"fact": "quantity", "at-least": 20},
                {"fact": "subtotal", "at-least": 12_000, "step": "regular"},
            ]
        },
        "effects": [
            {
                "effect": "percent-off",
                "percent": 10,
                "target": "lines",
                "where": {"fact": "price", "at-least": 400},
            }
        ],
    },
)
FILL: Final = (
    """
    INSERT INTO loyalty."order" (member, id, guest, priced_by, state, placed_at, placed_on,
        currency, channel, country, prices_include_tax, shipping_method, shipping_regular,
        shipping_total, shipping_points, shipping_points_value, rule_set, policy, tier, regular,
        total, tax, points, points_value, basis, earn, actor, request_id)
    SELECT lpad(to_hex(1 + n % {members}), 32, '0')::uuid, lpad(to_hex(n), 32, 'f')::uuid, false,
        'shop', 'completed', at, at::date, 'USD', CASE n % 3 WHEN 0 THEN 'app' ELSE 'web' END, 'US',
        false, '', 0, 0, 0, 0, 1, 1, NULL, 10000, 10000, 0, 0, 0, 10000, 100, 'system', 'bench'
    FROM generate_series(1, {orders}) AS n
    CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' + n * interval '5 min') AS t(at)
    """,
    """
    INSERT INTO loyalty.decision (member, order_id, rule_set, revision, facts, document)
    SELECT member, id, 1, 2, jsonb_build_object('member', true, 'member_class', 'consumer',
        'tier', (ARRAY['standard', 'silver', 'gold', 'diamond'])[1 + abs(hashtext(id::text)) % 4],
        'days_since_joining', abs(hashtext(id::text)) % 900, 'tags', '["vip"]'::jsonb,
        'order_count', abs(hashtext(id::text)) % 30), '{{"earned_by":[],"priced_by":"shop"}}'
    FROM loyalty."order"
    """,
    """
    INSERT INTO loyalty.order_line (member, order_id, line_no, line_id, sku, category, quantity,
        qualifies, regular, total, tax, points, points_value, basis, earn, brand)
    SELECT member, id, place, place::text, 'SKU-' || h % 5000, 'CAT-' || h % 50, 1 + h % 4, true,
        amount, amount, 0, 0, 0, amount, 10, 'BRAND-' || h % 200
    FROM loyalty."order"
    CROSS JOIN generate_series(1, {lines}) AS place
    CROSS JOIN LATERAL (SELECT abs(hashtext(id::text || place))) AS hashed(h)
    CROSS JOIN LATERAL (SELECT 100 + h % 2000) AS priced(amount)
    """,
    "VACUUM ANALYZE",
)


def measure(rig: Rig, database: str, plan: Plan) -> list[Figure]:
    """Fill the database with past orders, then scan their lines and select, in turns."""
    orders = plan.past_lines // LINES
    sizes = {"orders": orders, "members": max(1, orders // 5), "lines": LINES}
    rig.run_as_superuser(*(each.format(**sizes) for each in FILL), database=database)
    rig.settle_down()
    return asyncio.run(_measure(rig, database, plan))


async def _measure(rig: Rig, database: str, plan: Plan) -> list[Figure]:
    programme = Database.at(rig.url(database), patience=LONG)
    scanned: list[float] = []
    selected: list[list[float]] = [[] for _ in DRAFTS]
    found, lines = [0 for _ in DRAFTS], 0
    try:
        for turn in range(plan.runs + 1):
            seconds, lines = await _timed(programme, _scan)
            for number, draft in enumerate(DRAFTS):
                took, found[number] = await _timed(programme, _selecting(_alone(draft)))
                if turn:
                    selected[number].append(took)
            if turn:
                scanned.append(seconds)
        decided = [await _deciding(programme, _alone(draft)) for draft in DRAFTS]
    finally:
        await programme.dispose()
    slowest = max(selected, key=lambda times: ratio(times, scanned))
    told = ", ".join(f"{each:,}" for each in found)
    each_took = ", ".join("none" if took is None else f"{took:,.0f} us" for took in decided)
    note = f"{beside(slowest, scanned, 's')}; {lines:,} lines, {told} orders selected"
    note += f"; each then decided in {each_took}"
    return [Figure(budgets.SELECT, ratio(slowest, scanned), note)]


async def _deciding(programme: Database, rule_set: RuleSet) -> float | None:
    """Return how many microseconds deciding one selected order takes, once it is read."""
    matches = past_matches(rule_set, "draft").orders.subquery("matches")
    same = and_(matches.c.member == order.c.member, matches.c.order_id == order.c.id)
    found = select(order.c.member, order.c.id, order.c.placed_at).join(matches, same)
    spent = decided = 0
    async with programme.snapshot() as connection:
        async for batch in walk(connection, found.limit(DECIDED), "as-regular"):
            questions = [past.question for past in batch if past is not None]
            begun = time.perf_counter_ns()
            for question in questions:
                decide_again(rule_set, question)
            spent += time.perf_counter_ns() - begun
            decided += len(questions)
    return spent / decided / 1_000 if decided else None


async def _timed(
    programme: Database, work: Callable[[AsyncConnection], Awaitable[int]]
) -> tuple[float, int]:
    async with programme.read() as connection:
        begun = time.perf_counter()
        counted = await work(connection)
        return time.perf_counter() - begun, counted


def _alone(draft: Mapping[str, Any]) -> RuleSet:
    """The draft among no others, so that what goods cost is known to be their regular amount."""
    return compile_rule_set([RuleVersion("draft", 1, draft)], tiers=TIERS, zone="UTC")


async def _scan(connection: AsyncConnection) -> int:
    scanned = select(func.count(), func.sum(order_line.c.regular))
    return (await connection.execute(scanned)).one()[0]


def _selecting(rule_set: RuleSet) -> Callable[[AsyncConnection], Awaitable[int]]:
    matches = past_matches(rule_set, "draft").orders.subquery("matches")

    async def selecting(connection: AsyncConnection) -> int:
        counted = await connection.scalar(select(func.count()).select_from(matches))
        return counted or 0

    return selecting
