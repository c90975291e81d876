"""An order explains every cent and every point of itself."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.ids import read
from loyalty.orders.aftersales.exceptions import list_exceptions
from loyalty.orders.explained import explain_order
from loyalty.orders.upkeep import release_overdue_holds
from tests.stories.test_upkeep import _with_vouchers, later
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line


async def explain(shop: Shop, name: str = "S-1", language: str = "en") -> Json:
    """Read the explanation of an order, which must come to what the order comes to."""
    caller = replace(shop.caller, headers={"Accept-Language": language})
    answered = await caller.get(f"/v1/orders/ext:{name}/explanation")
    assert answered.status_code == 200, answered.text
    told: Json = answered.json()
    assert told["differences"] == []
    return told


async def test_every_cent_of_a_line_is_a_price_a_rule_a_voucher_or_points(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    given = await web.application.database.write(_with_vouchers, web.cause(), ada)
    await shop.give(ada, 100)
    order = cart(
        line("1", 3, 333),
        line("2", 1, 2_001),
        shipping=590,
        points_to_spend=77,
        voucher_codes=[given.code],
    )
    await shop.place(order)

    told = await explain(shop)

    one, two = told["lines"]
    assert [(part["code"], part["amount"]) for part in one["parts"]] == [
        ("regular", 999),
        ("voucher", -167),
        ("points-spent", -26),
        ("payable", 806),
    ]
    assert one["parts"][1]["sentence"] == "A voucher (five-off 1) takes off 1.67 USD."
    assert sum(part["amount"] for part in two["parts"][:-1]) == two["parts"][-1]["amount"]
    assert [part["code"] for part in told["shipping"]] == ["regular", "payable"]
    assert told["payable"] == 999 + 2_001 - 500 - 77 + 590
    assert one["earn"] + two["earn"] == told["points_to_earn"] == 24
    assert one["earn_sentence"] != ""
    assert (await explain(shop, language="zh"))["lines"][0]["parts"][0]["sentence"] == (
        "原价 9.99 USD。"
    )


async def test_every_point_of_an_order_s_life_is_a_journal_that_says_where_it_went(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    await shop.place(cart(line("1", 7, 333), points_to_spend=100))
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 3}])
    await shop.cancel(shipment="X-1", lines=[{"line_id": "1", "quantity": 2}])
    await shop.complete(shipment="P-2")
    await shop.give_back(return_id="R-1", lines=[{"line_id": "1", "quantity": 1}])
    body = {"chargeback_id": "D-1", "reason": "fraudulent"}
    await shop.post("/v1/orders/ext:S-1/chargeback", body, status=201)

    told = await explain(shop)

    assert [step["code"] for step in told["steps"]] == [
        *("placed", "completed", "cancelled", "completed", "returned", "charged-back"),
    ]
    moved = [
        (posting["kind"], posting["points"])
        for step in told["steps"]
        for posting in step["postings"]
        if posting["kind"] != "freeze"
    ]
    # 22 points earned and 100 spent over seven units: three, two and two of them
    assert moved == [
        ("hold", 100),
        ("capture", 42),
        ("earn", 9),
        ("release", 29),
        ("capture", 29),
        ("earn", 6),
        ("restore", 14),
        ("claw-back", 3),
        ("claw-back", 6),
        ("claw-back", 6),
    ]
    assert sum(step["money"] for step in told["steps"][1:] if step["code"] == "completed") > 0
    wallet = await shop.wallet(ada)
    assert wallet.available == 29 + 14
    await shop.holds()


async def test_a_claimed_order_an_exchange_and_what_was_lacking_are_told_as_well(
    shop: Shop, web: Web
) -> None:
    await shop.place(cart(line("1", 7, 333)), who=None)
    await shop.complete()
    guest = await explain(shop)
    assert [step["postings"] for step in guest["steps"]] == [[], []]
    ada = await web.joined(external_id="C-1")
    body: Json = {"member": "ext:C-1", "proof": "same-email"}
    await shop.post("/v1/orders/ext:S-1/claim", body, status=200)
    back = {"return_id": "R-1", "lines": [{"line_id": "1", "quantity": 2}]}
    body = {"return": back, "order_id": "S-2", "order": cart(line("1", 1, 999), points_to_spend=9)}
    await shop.post("/v1/orders/ext:S-1/exchange", body, status=201)
    await release_overdue_holds(web.application, later(web, minutes=31))
    await shop.buy(cart(line("1", 1, 500), points_to_spend=17), "S-3")
    await shop.complete("S-2")

    first, second = await explain(shop), await explain(shop, "S-2")

    assert {step["code"] for step in first["steps"]} == {
        "placed",
        "completed",
        "claimed",
        "returned",
    }
    assert first["lines"][0]["earn"] == 23
    assert "23" in first["lines"][0]["earn_sentence"]
    assert (first["exchanged_for"], second["exchange_of"]) == ([second["order"]], first["order"])
    debt = (await shop.wallet(ada)).debt
    async with web.application.database.read() as connection:
        told = await explain_order(
            connection, web.application.programme, read("ord", second["order"])
        )
        listed = await list_exceptions(connection)
    assert told.exceptions == tuple(listed)
    assert [(one.code, one.amount) for one in listed] == [("points-overdrawn", 5)]
    assert debt == 0
    await shop.holds()


async def test_an_order_of_the_shop_s_prices_and_one_told_late_explain_themselves(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    past = (web.application.clock.now() - timedelta(days=40)).isoformat()
    await shop.buy(cart(line("1", 7, 333)), priced_by="shop", placed_at=past, paid_at=past)

    told = await explain(shop)

    assert [step["code"] for step in told["steps"]] == ["placed", "paid", "completed"]
    assert [part["code"] for part in told["lines"][0]["parts"]] == ["regular", "payable"]
    missing = await shop.caller.get("/v1/orders/ext:S-9/explanation")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-order")


async def test_money_that_no_rule_is_known_for_is_told_as_taken_off_before(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await shop.place(cart(line("1", 1, 6_000)), who=None)
    known = (await explain(shop))["lines"][0]["parts"]
    await owner_connection.execute(text("delete from loyalty.decision"))

    parts = (await explain(shop))["lines"][0]["parts"]
    chinese = (await explain(shop, language="zh"))["lines"][0]["parts"]

    assert [part["code"] for part in known] == ["regular", "order-discount", "payable"]
    assert [(part["code"], part["amount"]) for part in parts] == [
        ("regular", 6_000),
        ("other-discount", -600),
        ("payable", 5_400),
    ]
    assert parts[1]["sentence"] == "6.00 USD was taken off before the order was told."
    assert chinese[1]["sentence"] == "下单前已减 6.00 USD。"
