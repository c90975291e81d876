"""Drafts tried from pages, rules stopped by hand, lists and tags, and decisions in plain words."""

import re
from datetime import date

from admin.cost_chart import MOST_BARS, cost_chart
from benefits import RuleChange
from loyalty.bootstrap import Application
from loyalty.dry_runs import find_dry_run
from loyalty.dry_runs.running import dry_run_rules
from loyalty.ids import read, show
from loyalty.members import lists_of, tags_of
from loyalty.rule_drafts import make_draft
from loyalty.rule_reviews import DRAFT
from tests.admin.conftest import Visitor, cause
from tests.admin.shop import Shop

TRIPLE = {"rule": "gold-double", "effects": [{"effect": "earn", "multiplier": 3}]}
OFF = {
    "rule": "ten-off",
    "when": {"fact": "subtotal", "at-least": 2000},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
}


def test_what_a_day_saves_hangs_below_the_line_and_many_days_are_drawn_together() -> None:
    begins, ends = date(2026, 1, 1), date(2026, 1, 3)
    few = cost_chart({begins: 900, date(2026, 1, 2): -300}, begins, ends)
    many = cost_chart({begins: 1}, date(2025, 1, 1), date(2026, 12, 31))

    first, second, third = few.bars
    assert (first.y + first.height, second.y) == (few.zero, few.zero)
    assert (third.value, third.height) == (0, 0)
    assert 2 * second.height < first.height
    assert len(many.bars) <= MOST_BARS
    assert [bar.height > 0 for bar in many.bars].count(True) == 1
    assert sum(bar.value for bar in many.bars) == 1


async def test_a_draft_is_tried_on_a_cart_on_an_order_and_on_all_orders(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    change = RuleChange(rules=(TRIPLE, OFF))
    draft = await application.database.write(make_draft, cause(application), change)
    page = f"/console/rules/drafts/{show(DRAFT, draft.id)}"

    cart = {"l0_sku": "1", "l0_quantity": "2", "l0_price": "15.00", "member": "C-1001"}
    tried = (await admin.get(f"{page}/try", **cart)).text
    assert re.search(r"Taken off</th><td[^>]*>\$0.00</td><td[^>]*>\$3.00</td>.*?\+\$3.00", tried)
    assert "ten-off" in tried
    small = (await admin.get(f"{page}/try", **(cart | {"l0_price": "5.00"}))).text
    assert "Gives nothing" in small
    order = (await admin.get(f"{page}/try", order="B-1009")).text
    assert "As it was placed" in order
    for field, text, label in (
        ("l0_price", "much", "Price of a unit"),
        ("l0_quantity", "two", "How many"),
        ("order", "NOWHERE", "Order"),
    ):
        wrong = (await admin.get(f"{page}/try", **(cart | {field: text}))).text
        assert f'href="#f-try-{field}">{label}</a>' in wrong, field

    assert (await admin.send(f"{page}/runs", {"days": "0"}, at=f"{page}/try")).status_code == 422
    asked = await admin.send(f"{page}/runs", {"days": "400"}, at=f"{page}/try")
    run = asked.headers["location"].partition("?")[0]
    waiting = (await admin.get(run)).text
    assert "It waits for a worker" in waiting
    one = read("dry", run.rpartition("/")[2])
    await dry_run_rules(application, cause(application), run=str(one))
    done = (await finance.get(run)).text
    assert "Discounts would cost" in done
    assert re.search(r'<svg class="chart".*?<rect class="s1"', done, re.DOTALL)
    assert f'<a href="/console/members/{shop.member}">C-1000</a>' in done
    assert (await finance.get(f"{page}/try")).status_code == 403


async def test_what_the_shop_priced_is_decided_as_far_as_was_asked_and_nothing_is_no_drawing(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    never = {**OFF, "rule": "never", "when": {"fact": "subtotal", "at-least": 90_000_000}}
    draft = await application.database.write(
        make_draft, cause(application), RuleChange(rules=(never,))
    )
    page = f"/console/rules/drafts/{show(DRAFT, draft.id)}"
    told = {}
    for prices in ("earning", "as-regular"):
        values = {"days": "400", "prices": prices}
        asked = await admin.send(f"{page}/runs", values, at=f"{page}/try")
        run = asked.headers["location"].partition("?")[0]
        one = read("dry", run.rpartition("/")[2])
        async with application.database.read() as connection:
            kept = await find_dry_run(connection, one, at=application.clock.now())
        assert kept.shop_priced == prices
        await dry_run_rules(application, cause(application), run=str(one))
        told[prices] = (await admin.get(run)).text

    assert "history: only what they earn. So a discount changes none of them." in told["earning"]
    assert "as if what was paid had been the regular price.</p>" in told["as-regular"]
    for shown in told.values():
        assert "No order would have changed" in shown
        assert 'class="chart"' not in shown
        assert "By tier" not in shown


async def test_a_rule_is_stopped_for_a_reason_and_goes_on(admin: Visitor, shop: Shop) -> None:
    page = "/console/rules/base"
    listed = (await admin.get("/console/rules")).text
    assert "Cost in 30 days" in listed

    nameless = await admin.send(f"{page}/stop", {"reason": ""}, at=page)
    stopped = await admin.follow(
        await admin.send(f"{page}/stop", {"reason": "Twice what was meant"}, at=page)
    )
    assert nameless.status_code == 422
    assert 'href="#f-switch-reason"' in nameless.text
    assert "Twice what was meant" in stopped.text
    assert "Stopped</span>" in (await admin.get("/console/rules")).text
    again = await admin.follow(await admin.send(f"{page}/resume", {"reason": "Put right"}, at=page))
    assert "Stop the rule" in again.text
    assert "Stopped</span>" not in (await admin.get("/console/rules")).text


async def test_lists_and_tags_are_what_was_last_said(
    application: Application, admin: Visitor, finance: Visitor, shop: Shop
) -> None:
    values = {"name": "vip", "members": "C-1000\nC-1001 NOBODY"}
    done = await admin.follow(await admin.send("/console/lists", values, at="/console/lists"))
    assert "NOBODY" in done.text
    bad = await admin.send("/console/lists", values | {"name": "V I P"}, at="/console/lists")
    assert bad.status_code == 422
    assert 'href="#f-list-name"' in bad.text
    page = f"/console/members/{shop.member}/tags"
    await admin.send(page, {"tags": "early, loud"}, at=page)
    await admin.send(page, {"tags": "early"}, at=page)
    wrong = await admin.send(page, {"tags": "Not A Tag"}, at=page)
    assert wrong.status_code == 422
    async with application.database.read() as connection:
        assert list(await tags_of(connection, shop.regular.id)) == ["early"]
        assert list(await lists_of(connection, shop.regular.id)) == ["vip"]
    assert (await finance.send(page, {"tags": "x"}, at=page)).status_code == 403

    path = "/console/lists/vip/retire"
    gone = await admin.follow(await admin.send(path, {}, at="/console/lists"))
    assert "Nobody is on the list any more." in gone.text
    async with application.database.read() as connection:
        assert list(await lists_of(connection, shop.regular.id)) == []


async def test_each_order_of_a_member_says_what_gave_and_why_not(
    finance: Visitor, shop: Shop
) -> None:
    page = (await finance.get(f"/console/members/{shop.member}/decisions")).text
    again = re.search(r'href="(/console/orders/ord_\w+/replay)"', page)
    assert again is not None
    replayed = (await finance.get(again[1])).text

    assert re.search(r"<h2><a[^>]*>B-1009</a></h2><p><span[^>]*>Open</span>", page)
    assert re.search(r"card-price</code>.*?Gave<.*?\$1.02 off", page, re.DOTALL)
    assert re.search(r"gold-free-shipping</code>.*?Gave nothing", page, re.DOTALL)
    assert "The same, to the byte" in replayed
