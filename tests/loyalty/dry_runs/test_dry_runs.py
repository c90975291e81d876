"""A draft tried on a past order, and on all of them: decided by the evaluator, as they were."""

from typing import Any
from uuid import UUID

from benefits import RuleChange
from loyalty.dry_runs import DryRun, Tried, find_dry_run, try_order
from loyalty.dry_runs.asking import ask_for_dry_run
from loyalty.dry_runs.running import dry_run_rules
from loyalty.members import read_order_ref
from loyalty.rule_drafts import make_draft
from tests.support.api import admin, application, checkout, web
from tests.support.shop import RULES, Shop, cart, line, shop

__all__ = ["admin", "application", "checkout", "shop", "web"]

Json = dict[str, Any]
TENTH: Json = {
    "rule": "tenth",
    "when": {"fact": "subtotal", "at-least": 2_000},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "lines"}],
}
DOUBLE: Json = {
    "rule": "base-earn",
    "effects": [{"effect": "earn", "points": 2, "per": 100}],
}


async def drafted(shop: Shop, *rules: Json, **more: Any) -> UUID:
    change = RuleChange(rules, **more)
    draft = await shop.web.application.database.write(make_draft, shop.web.cause(), change)
    return draft.id


async def run(shop: Shop, draft: UUID, **asked: Any) -> DryRun:
    application = shop.web.application
    made = await application.database.write(
        ask_for_dry_run, application.programme, shop.web.cause(), draft, **{"days": 30, **asked}
    )
    await dry_run_rules(application, shop.web.cause(), run=str(made.id))
    return await found(shop, made.id)


async def found(shop: Shop, id_: UUID) -> DryRun:
    async with shop.web.application.database.read() as connection:
        return await find_dry_run(connection, id_, at=shop.web.application.clock.now())


def figures(made: DryRun) -> Json:
    assert made.figures is not None, made.failure
    return dict(made.figures)


async def tried(shop: Shop, draft: UUID, name: str, **asked: Any) -> Tried:
    application = shop.web.application
    async with application.database.read() as connection:
        return await try_order(
            connection,
            application.programme,
            draft,
            read_order_ref(f"ext:{name}"),
            at=application.clock.now(),
            **asked,
        )


async def sell(shop: Shop) -> None:
    """Sell five orders: three of 30.00 and more, one below, one of a guest."""
    await shop.web.joined(external_id="C-1")
    await shop.web.joined(external_id="C-2")
    await shop.buy(cart(line(unit_price=3_333)), "S-1")
    await shop.buy(cart(line(unit_price=1_000)), "S-2")
    await shop.buy(cart(line(unit_price=2_500), line("2", 2, 1_250)), "S-3", who="ext:C-2")
    await shop.buy(cart(line(unit_price=4_000)), "S-4", who=None)
    await shop.buy(cart(line(unit_price=9_000)), "S-5", priced_by="shop")


async def test_all_orders_come_to_the_sum_of_each_of_them(shop: Shop) -> None:
    await sell(shop)
    draft = await drafted(shop, TENTH, DOUBLE)

    whole = figures(await run(shop, draft))

    each = [(await tried(shop, draft, f"S-{number}")).trial for number in range(1, 6)]
    discount = sum(one.drafted.totals.discount - one.live.totals.discount for one in each)
    points = sum(one.drafted.points.earn - one.live.points.earn for one in each)
    assert (whole["discount"], whole["points"]) == (discount, points)
    # 10 % of 33.33, of 25.00 + 25.00 (which then is below the live rule's 50.00), of 40.00.
    assert discount == 333 + (500 - 500) + 400
    assert whole["orders"] == {
        "placed": 5,
        "selected": 5,
        "evaluated": 5,
        "changed": 5,
        "of_guests": 1,
        "earning_only": 1,
        "passed_over": 0,
        "undecided": 0,
    }
    assert whole["members"] == 2


async def test_what_is_live_against_itself_changes_nothing(shop: Shop) -> None:
    await sell(shop)
    draft = await drafted(shop, *RULES)

    whole = figures(await run(shop, draft, shop_priced="as-regular"))

    assert (whole["orders"]["evaluated"], whole["orders"]["changed"]) == (5, 0)
    assert (whole["discount"], whole["points"], whole["days"], whole["tiers"]) == (0, 0, [], [])
