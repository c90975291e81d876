"""Limits and budgets on what rules take off, through the life of orders, for members and guests."""

from typing import Any

from sqlalchemy import text

from loyalty.orders.upkeep import release_overdue_holds
from tests.stories.test_earning_counters import opened, stand
from tests.stories.test_upkeep import later
from tests.support.api import Caller, Web
from tests.support.shop import Json, cart, line


def ten_off(name: str, **more: Any) -> Json:
    """Return ten off every order, with limits."""
    return {
        "rule": name,
        "effects": [{"effect": "amount-off", "amount": 1000, "target": "order"}],
        **more,
    }


def off(answer: Json) -> int:
    """The discount of a quote."""
    discount: int = answer["totals"]["discount"]
    return discount


BUDGET: Json = {"count": "money", "for": "all", "most": 2500}
FREE_TWICE_A_MONTH: Json = {
    "rule": "ship-free",
    "effects": [{"effect": "free-shipping"}],
    "limits": [{"count": "uses", "for": "member", "every": "month", "most": 2}],
}


async def test_a_budget_gives_what_is_left_and_what_is_cancelled_or_returned_again(
    web: Web, checkout: Caller
) -> None:
    shop, _ = await opened(web, checkout, ten_off("sale", limits=[BUDGET]), members=2)
    basket = cart(line("1", 3, 1000), line("2", 1, 333))

    for number in (1, 2):
        await shop.place(basket, f"S-{number}", who=f"ext:C-{1 + number % 2}")
    third = await shop.quote(basket)
    await shop.place(basket, "S-3", quote=third["quote"])
    spent = await shop.quote(basket)
    assert [one["discounts"][0]["amount"] for one in third["lines"]] == [450, 50]
    assert await stand(web) == {"sale": 2500}
    assert off(spent) == 0
    (why,) = spent["not_applied"]
    assert why["code"] == "budget-short"
    assert why["limit"] == {"count": "money", "for": "all", "used": 2500, "most": 2500}

    await shop.cancel("S-1", shipment="X", lines=[{"line_id": "1", "quantity": 1}])
    assert await stand(web) == {"sale": 2500 - 900 // 3}
    await shop.cancel("S-1", shipment="Y")
    assert await stand(web) == {"sale": 1500}
    await shop.complete("S-2")
    await shop.give_back("S-2", lines=[{"line_id": "1", "quantity": 3}])
    assert await stand(web) == {"sale": 600}
    assert off(await shop.quote(basket)) == 1000
    await shop.give_back("S-2", lines=[{"line_id": "2", "quantity": 1}])
    await shop.cancel("S-3")
    assert await stand(web) == {}
    await shop.holds()


async def test_free_shipping_so_often_a_month_and_again_once_an_order_is_cancelled(
    web: Web, checkout: Caller
) -> None:
    shop, _ = await opened(web, checkout, FREE_TWICE_A_MONTH)
    shipped = cart(line(), shipping=500)

    for number in (1, 2):
        await shop.place(shipped, f"S-{number}")
    third = await shop.quote(shipped)
    guest = await shop.quote(shipped, who=None)
    await shop.cancel("S-1")
    again = await shop.quote(shipped)

    assert [off(each) for each in (third, guest, again)] == [0, 0, 500]
    assert [each["code"] for each in third["not_applied"]] == ["limit-reached"]
    (closed,) = guest["not_applied"]
    assert (closed["code"], closed["fact"], closed["unlock"]) == (
        "condition-not-met",
        "member",
        "Join the programme.",
    )
    assert await stand(web) == {"ship-free": 1}
    await shop.holds()


async def test_a_guest_is_bound_by_what_binds_all_and_a_hold_that_runs_out_gives_it_back(
    web: Web, checkout: Caller
) -> None:
    once = {"count": "uses", "for": "all", "most": 1}
    shop, who = await opened(web, checkout, ten_off("first", limits=[once]))
    basket = cart(line("1", 2, 1000))
    two = [await shop.quote(basket, who=None) for _ in range(2)]

    held = await shop.place(basket, "S-1", who=None, quote=two[0]["quote"])
    refused = await shop.place(basket, "S-2", who=None, quote=two[1]["quote"], status=409)
    assert (held["hold_until"] is not None, refused["code"]) == (True, "limit-reached")
    assert refused["errors"][0]["pointer"] == "/quote"
    await release_overdue_holds(web.application, later(web, minutes=31))
    assert await stand(web) == {}
    await shop.buy(basket, "S-3", who=None)
    assert await stand(web) == {"first": 1}

    await shop.post("/v1/orders/ext:S-3/claim", {"member": "ext:C-1", "proof": "mail"}, status=200)
    await shop.give_back("S-3", lines=[{"line_id": "1", "quantity": 2}])
    assert await stand(web) == {}
    assert (await shop.wallet(who)).available == 0
    await shop.holds()


async def test_what_ships_after_its_hold_ran_out_passes_limits_and_every_one_is_an_exception(
    web: Web, checkout: Caller, finance: Caller
) -> None:
    twice = {"count": "uses", "for": "all", "every": "month", "most": 2}
    shop, _ = await opened(web, checkout, ten_off("sale", limits=[BUDGET, twice]))
    basket = cart(line("1", 2, 1000), line("2", 1, 1000))
    await shop.place(basket, "S-1")
    await release_overdue_holds(web.application, later(web, minutes=31))
    over = await shop.post(
        "/v1/orders/ext:S-1/hold", {"hold_until": later(web, days=1).at.isoformat()}, status=409
    )
    for name in ("S-2", "S-3"):
        await shop.buy(basket, name)
    await shop.cancel("S-1", shipment="X", lines=[{"line_id": "2", "quantity": 1}])
    assert await stand(web) == {"sale": 2000 + 2}

    done = await shop.complete("S-1")

    assert over["code"] == "hold-over"
    assert done["exceptions"] == ["limit-overrun", "budget-overrun"]
    assert await stand(web) == {"sale": 2667 + 3}
    listed = (await finance.get("/v1/exceptions")).json()["items"]
    assert {(one["code"], one["amount"], one["unit"]) for one in listed} == {
        ("limit-overrun", 1, "uses"),
        ("budget-overrun", 167, "money"),
    }
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 2}])
    assert await stand(web) == {"sale": 2000 + 2}
    await shop.holds()


async def test_a_group_of_rules_shares_one_limit(web: Web, checkout: Caller) -> None:
    shop, _ = await opened(web, checkout)
    change = {
        "rules": [ten_off("a", group="sale"), ten_off("b", group="sale")],
        "groups": {
            "sale": {"mode": "all", "limits": [{"count": "money", "for": "member", "most": 1500}]}
        },
    }
    admin = await web.caller("admin")
    draft = (await admin.post("/v1/rule-drafts", change)).json()
    await admin.post(f"/v1/rule-drafts/{draft['id']}/publish", {})

    quoted = await shop.quote(cart(line("1", 3, 1000)))
    await shop.buy(cart(line("1", 3, 1000)))
    none_left = await shop.quote(cart(line("1", 3, 1000)))

    assert (off(quoted), off(none_left)) == (1500, 0)
    async with web.application.database.read() as connection:
        rows = await connection.execute(text("select scope, used from benefits.counter"))
        assert list(rows) == [("group:sale", 1500)]
    await shop.holds()
