"""A draft tried on a past order, and on all of them: decided by the evaluator, as they were."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from benefits import RuleChange
from loyalty.dry_runs import DryRun, Tried, find_dry_run, past, running, try_order
from loyalty.dry_runs.asking import ask_for_dry_run
from loyalty.dry_runs.running import Simulation, dry_run_rules
from loyalty.dry_runs.types import PastOrder
from loyalty.members import read_member_ref, read_order_ref
from loyalty.members.merging import merge_members
from loyalty.rule_drafts import change_draft, make_draft, publish_draft
from tests.support.api import admin, application, checkout, web
from tests.support.shop import RULES, SPEND_50, Shop, cart, line, opened, shop

__all__ = ["admin", "application", "checkout", "opened", "shop", "web"]

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


async def test_a_budget_runs_out_in_order_of_time(shop: Shop) -> None:
    await sell(shop)
    budget = {"count": "money", "for": "all", "most": 700}
    each = {"count": "uses", "for": "member", "most": 1}
    draft = await drafted(shop, {**TENTH, "limits": [budget, each]})

    whole = figures(await run(shop, draft, shop_priced="as-regular"))

    # S-1 takes 333 of 700, S-3 the 367 that are left; S-4 and S-5 come too late.
    rule = next(one for one in whole["rules"] if one["rule"] == "tenth")
    assert rule["drafted"] == {"orders": 2, "money": 700, "points": 0}
    money, uses = sorted(whole["limits"], key=lambda one: one["measure"])
    assert (money["used"], money["reached"]) == (700, 1)
    assert (uses["used"], uses["reached"]) == (2, 2)
    third = (await tried(shop, draft, "S-3")).trial
    assert money["first_at"] == third.live.question.at.isoformat()
    # One order alone knows nothing of the others: it would have had its whole tenth.
    assert third.drafted.applied[-1].amount == 500


async def test_limits_get_back_what_came_back_before_the_next_order(shop: Shop) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 1_111)), "S-1")
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 2}])
    await shop.place(cart(line(unit_price=4_000), line("2", 1, 999)), "S-2")
    await shop.cancel("S-2", shipment="X", lines=[{"line_id": "2", "quantity": 1}])
    await shop.buy(cart(line(unit_price=4_000)), "S-3")
    await shop.buy(cart(line(unit_price=4_000)), "S-4")
    await shop.give_back("S-4", lines=[{"line_id": "1", "quantity": 1}])
    budget = {"count": "money", "for": "all", "most": 800}
    draft = await drafted(shop, {**TENTH, "limits": [budget]})

    whole = figures(await run(shop, draft))

    # 333 less 222; 500 less 100; then 289 are left for S-3 and none for S-4.
    (limit,) = whole["limits"]
    assert (whole["discount"], limit["used"], limit["reached"]) == (333 + 500 + 289, 800, 1)
    (tenth,) = [one for one in whole["rules"] if one["rule"] == "tenth"]
    assert tenth["drafted"]["orders"] == 3


async def test_the_limits_of_a_group_are_counted_for_its_live_rules_too(shop: Shop) -> None:
    write, cause = shop.web.application.database.write, shop.web.cause
    group = {"mode": "all", "limits": [{"count": "money", "for": "all", "most": 700}]}
    first = await drafted(shop, {**TENTH, "group": "sale"}, groups={"sale": group})
    await write(publish_draft, cause(), first)
    await shop.web.joined(external_id="C-1")
    for number in (1, 2, 3):
        await shop.buy(cart(line(unit_price=3_000)), f"S-{number}")
    hundred = {"effect": "amount-off", "amount": 100, "target": "lines"}
    more = {"rule": "hundred", "group": "sale", "priority": 5, "effects": [hundred]}

    whole = figures(await run(shop, await drafted(shop, more)))

    # Live 300, 300, 100; with the draft 100 + 290, then 100 + 210, then nothing.
    gave = {
        one["rule"]: [(one[side]["orders"], one[side]["money"]) for side in ("live", "drafted")]
        for one in whole["rules"]
    }
    assert (gave["tenth"], gave["hundred"]) == ([(3, 700), (2, 500)], [(0, 0), (2, 200)])
    (limit,) = whole["limits"]
    assert (limit["scope"], limit["used"], limit["reached"]) == ("group:sale", 700, 1)
    assert (whole["orders"]["evaluated"], whole["discount"]) == (3, 0)


async def test_what_came_back_is_no_cost(shop: Shop) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line(quantity=3, unit_price=1_000), shipping=500), "S-1")
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.buy(cart(line(unit_price=4_000)), "S-2")
    await shop.give_back("S-2", lines=[{"line_id": "1", "quantity": 1}])
    await shop.place(cart(line(unit_price=9_000)), "S-3")
    await shop.cancel("S-3")
    draft = await drafted(shop, TENTH)

    whole = figures(await run(shop, draft))

    assert (whole["orders"]["placed"], whole["orders"]["changed"]) == (2, 2)
    assert (whole["discount"], whole["discount_net"]) == (300 + 400, 200)
    assert (whole["points"], whole["points_net"]) == (-3 - 4, -2)


async def test_points_that_a_cheaper_order_has_no_room_for_are_not_spent(shop: Shop) -> None:
    member = await shop.web.joined(external_id="C-1")
    await shop.give(member, 5_000)
    await shop.buy(cart(line(unit_price=2_000), points_to_spend=2_000), "S-1")
    draft = await drafted(shop, TENTH)

    whole = figures(await run(shop, draft))

    assert (whole["discount"], whole["points_spent"]) == (200, -200)
    assert whole["orders"]["undecided"] == 0


async def test_rules_that_give_together_and_those_who_gain_and_lose_are_named(shop: Shop) -> None:
    await sell(shop)
    less = {**SPEND_50, "effects": [{"effect": "percent-off", "percent": 5, "target": "order"}]}
    draft = await drafted(shop, TENTH, less)

    whole = figures(await run(shop, draft))

    # S-3 of 50.00 had 10 % of the order; with a tenth off its lines it is below 50.00.
    assert [(one["rule"], one["with"], one["orders"]) for one in whole["overlap"]] == [
        ("tenth", "base-earn", 2),
    ]
    spent = next(one for one in whole["rules"] if one["rule"] == "spend-50")
    assert spent["live"]["money"] - spent["drafted"]["money"] == 500
    assert [(one["winners"], one["losers"]) for one in whole["tiers"]] == [(1, 0)]
    assert [one["money"] for one in whole["gain_most"]] == [333]
    assert whole["lose_most"] == []
    assert whole["microseconds_per_order"] > 0


async def test_orders_of_a_merged_member_are_the_survivors(shop: Shop) -> None:
    await sell(shop)
    draft = await drafted(shop, TENTH, DOUBLE)
    before = figures(await run(shop, draft))
    gone, into = read_member_ref("ext:C-2"), read_member_ref("ext:C-1")

    await shop.web.application.database.write(
        merge_members, shop.web.cause(), gone, into, reason="duplicate"
    )
    after = figures(await run(shop, draft))

    assert (before["members"], after["members"]) == (2, 1)
    assert (before["discount"], before["points"]) == (after["discount"], after["points"])


async def test_batches_come_to_the_same_whatever_their_size(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(shop)
    draft = await drafted(shop, TENTH, DOUBLE)
    whole = figures(await run(shop, draft))
    sizes: list[int] = []
    decide = Simulation.decide

    def counted(self: Simulation, orders: Sequence[PastOrder | None]) -> None:
        sizes.append(len(orders))
        decide(self, orders)

    monkeypatch.setattr(past, "BATCH", 2)
    monkeypatch.setattr(Simulation, "decide", counted)
    again = figures(await run(shop, draft))

    assert sizes == [2, 2, 1]
    assert {**again, "microseconds_per_order": 0} == {**whole, "microseconds_per_order": 0}


async def test_a_run_is_of_the_draft_as_it_was_and_says_what_moved_since(shop: Shop) -> None:
    await sell(shop)
    draft = await drafted(shop, TENTH)
    made = await run(shop, draft)
    application, cause = shop.web.application, shop.web.cause()

    await application.database.write(change_draft, cause, draft, RuleChange((DOUBLE,)))
    changed = await found(shop, made.id)
    await application.database.write(publish_draft, cause, draft)
    moved = await found(shop, made.id)
    again = await dry_run_rules(application, cause, run=str(made.id))

    assert (made.draft_changed, made.rule_set_moved) == (False, False)
    assert (changed.draft_changed, changed.rule_set_moved) == (True, False)
    assert (moved.draft_changed, moved.rule_set_moved) == (True, True)
    assert moved.figures == made.figures
    assert again == 0


async def test_a_draft_that_is_unfit_when_its_turn_comes_fails_by_name(shop: Shop) -> None:
    application = shop.web.application
    draft = await drafted(shop, TENTH)
    made = await application.database.write(
        ask_for_dry_run, application.programme, shop.web.cause(), draft, days=30
    )
    broken = {**TENTH, "when": {"fact": "tier", "is": "platinum"}}
    stands = replace(made, change=RuleChange((broken,)))

    async def as_stored(*_: object, **__: object) -> DryRun:
        return stands

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "find_dry_run", as_stored)
        await dry_run_rules(application, shop.web.cause(), run=str(made.id))

    failed = await found(shop, made.id)
    assert (failed.state, failed.failure) == ("failed", "rule-unknown-tier")
