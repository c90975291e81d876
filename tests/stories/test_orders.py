"""An order's life as a shop sees it, with every figure worked out by hand."""

from datetime import timedelta

import ledger
from tests.support.api import Web
from tests.support.shop import Shop, cart, line


async def test_a_quote_becomes_an_order_that_earns_and_a_return_takes_it_back(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 1000)
    order = cart(
        line("1", 2, 450, member_price=399), line("2", 3, 333), shipping=590, points_to_spend=500
    )

    quoted = await shop.quote(order)

    assert [one["total"] for one in quoted["lines"]] == [576, 721]
    assert [one["points_value"] for one in quoted["lines"]] == [222, 278]
    assert quoted["totals"] == {
        "regular": 2489,
        "discount": 102,
        "points_value": 500,
        "payable": 1887,
    }
    assert quoted["points"] == {
        "available": 1000,
        "spendable": 1000,
        "spend": 500,
        "value": 500,
        "earn": 12,
    }
    assert [one["earn"] for one in quoted["lines"]] == [5, 7]

    placed = await shop.place(order, quote=quoted["quote"])
    assert placed["totals"] == quoted["totals"]
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.held) == (500, 500)

    completed = await shop.complete()
    assert (completed["points_spent"], completed["points_earned"]) == (500, 12)
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.pending, wallet.held) == (512, 0, 0)

    first = await shop.give_back(lines=[{"line_id": "2", "quantity": 1}], reason="damaged")
    assert first["refund_money"] == 721 // 3
    assert first["points_returned"] == 278 // 3
    assert first["points_clawed_back"] == 7 // 3
    rest = await shop.give_back(
        lines=[{"line_id": "2", "quantity": 2}, {"line_id": "1", "quantity": 2}], shipping=True
    )
    assert first["refund_money"] + rest["refund_money"] == 1887
    assert first["points_returned"] + rest["points_returned"] == 500
    assert first["points_clawed_back"] + rest["points_clawed_back"] == 12
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.pending, wallet.held, wallet.debt) == (1000, 0, 0, 0)
    await shop.holds()


async def test_an_order_that_reaches_a_tier_earns_at_the_tier_before(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")

    first = await shop.buy(cart(line(unit_price=40_000)), "S-1", priced_by="shop")
    second = await shop.buy(cart(line(unit_price=100)), "S-2", priced_by="shop")
    third = await shop.buy(cart(line(unit_price=100)), "S-3", priced_by="shop")
    fourth = await shop.buy(cart(line(unit_price=100)), "S-4", priced_by="shop")

    assert [one["tier"] for one in (first, second, third, fourth)] == [
        *("standard", "silver", "gold", "gold"),
    ]
    assert [one["points_earned"] for one in (first, second, third, fourth)] == [400, 1, 1, 2]
    await shop.holds()


async def test_a_tier_reached_only_through_goods_since_returned_is_lost(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=9_000)), "S-1")
    assert (await shop.buy(cart(line(unit_price=9_000)), "S-2"))["tier"] == "silver"

    await shop.give_back("S-2", lines=[{"line_id": "1", "quantity": 1}])

    assert (await shop.buy(cart(line(unit_price=100)), "S-3"))["tier"] == "standard"
    await shop.holds()


async def test_shipments_take_and_earn_their_own_share(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    await shop.place(cart(line("1", 3, 333), points_to_spend=100))

    one = await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])
    two = await shop.complete(shipment="P-2", lines=[{"line_id": "1", "quantity": 1}])
    last = await shop.complete(shipment="P-3")

    parts = (one, two, last)
    assert [part["total"] for part in parts] == [299, 300, 300]
    assert [part["points_spent"] for part in parts] == [33, 33, 34]
    assert [part["points_earned"] for part in parts] == [2, 3, 3]
    assert [part["state"] for part in parts] == ["open", "open", "completed"]
    assert (await shop.wallet(ada)).available == 8
    await shop.holds()


async def test_a_line_that_weighed_less_costs_spends_and_earns_less(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 200)
    await shop.place(cart(line("1", amount=2000), points_to_spend=200))

    done = await shop.complete(lines=[{"line_id": "1", "quantity": 1, "amount": 1500}])

    assert (done["total"], done["points_spent"], done["points_earned"]) == (1350, 150, 13)
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.held) == (63, 0)
    back = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])
    assert (back["refund_money"], back["points_returned"]) == (1350, 150)
    assert back["points_clawed_back"] == 13
    assert (await shop.wallet(ada)).available == 200
    await shop.holds()


async def test_cancelling_gives_back_what_was_held(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 300)
    await shop.place(cart(line("1", 3, 1000), points_to_spend=300))

    some = await shop.cancel(shipment="X-1", lines=[{"line_id": "1", "quantity": 1}])
    wallet = await shop.wallet(ada)
    assert (some["state"], some["points_released"]) == ("open", 100)
    assert (wallet.available, wallet.held) == (100, 200)

    done = await shop.complete()
    assert (done["state"], done["points_spent"], done["points_earned"]) == ("completed", 200, 18)
    await shop.holds()


async def test_a_cancelled_order_spends_nothing_earns_nothing_and_counts_for_no_tier(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 300)
    await shop.place(cart(line("1", 3, 10_000), points_to_spend=300))

    gone = await shop.cancel()

    wallet = await shop.wallet(ada)
    assert (gone["state"], gone["points_released"]) == ("cancelled", 300)
    assert (wallet.available, wallet.held, wallet.pending) == (300, 0, 0)
    refused = await shop.complete(status=409)
    assert refused["code"] == "order-cancelled"
    assert (await shop.give_back(status=409, amount=1))["code"] == "order-cancelled"
    await shop.holds()


async def test_a_refund_without_return_takes_its_share_of_the_points(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 2, 1000)))

    part = await shop.give_back(lines=[{"line_id": "1", "amount": 500}], reason="price-protection")
    one = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])
    other = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])

    assert [back["refund_money"] for back in (part, one, other)] == [500, 750, 750]
    assert [back["points_clawed_back"] for back in (part, one, other)] == [5, 7, 8]
    assert (await shop.wallet(ada)).available == 0
    await shop.holds()


async def test_an_amount_of_the_order_is_refunded_over_its_lines(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 1, 3000), line("2", 1, 1000)))

    back = await shop.give_back(amount=1000)

    assert [one["refund_money"] for one in back["lines"]] == [750, 250]
    assert back["points_clawed_back"] == 9
    await shop.holds()


async def test_what_was_spent_meanwhile_becomes_debt_and_is_repaid(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=10_000)), "S-1", priced_by="shop")
    await shop.buy(cart(line(unit_price=1000), points_to_spend=100), "S-2")
    assert (await shop.wallet(ada)).available == 9

    back = await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])

    assert (back["points_clawed_back"], back["shortfall_points"]) == (9, 91)
    assert back["shortfall_money"] == 0
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.debt) == (0, 91)
    await shop.buy(cart(line(unit_price=10_000)), "S-3", priced_by="shop")
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.debt) == (9, 0)
    await shop.holds()


async def test_a_shortfall_may_be_deducted_from_the_refund(shop: Shop, web: Web) -> None:
    await shop.policy(shortfall="deducted")
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=10_000)), "S-1", priced_by="shop")
    await shop.buy(cart(line(unit_price=1000), points_to_spend=100), "S-2")

    back = await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])

    assert (back["refund_money"], back["shortfall_points"]) == (10_000, 91)
    assert back["shortfall_money"] == 91
    assert (await shop.wallet(ada)).debt == 0
    await shop.holds()


async def test_points_are_pending_until_the_return_window_is_over(shop: Shop, web: Web) -> None:
    await shop.policy(pending_days=14)
    ada = await web.joined(external_id="C-1")

    done = await shop.buy(cart(line(unit_price=10_000)), priced_by="shop")

    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.pending) == (0, 100)
    assert done["points_active_at"] is not None
    back = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])
    assert (back["points_clawed_back"], back["shortfall_points"]) == (100, 0)
    assert (await shop.wallet(ada)).pending == 0
    await shop.holds()


async def test_a_guest_is_quoted_ordered_and_returned_without_points(shop: Shop) -> None:
    order = cart(line("1", 2, 3000, member_price=2500), shipping=500)

    quoted = await shop.quote(order, who=None)
    assert (quoted["if_joined"]["saving"], quoted["if_joined"]["earn"]) == (900, 45)
    assert quoted["totals"]["payable"] == 5900

    placed = await shop.place(order, who=None, quote=quoted["quote"])
    assert placed["points"] == {"spend": 0, "value": 0, "earn": 0}
    done = await shop.complete()
    assert (done["points_earned"], done["tier"]) == (0, None)
    back = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])
    assert (back["refund_money"], back["points_clawed_back"]) == (2700, 0)
    assert (await shop.order())["member"] is None
    await shop.holds()


async def test_the_shop_s_own_prices_earn_and_are_never_refused(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")

    placed = await shop.place(
        cart(line("1", 2, 700), line("2", amount=1234)),
        priced_by="shop",
        placed_at="2026-01-05T10:00:00+01:00",
        paid_at="2026-01-05T10:00:00+01:00",
    )
    done = await shop.complete(completed_at="2026-01-06T10:00:00+01:00")

    assert placed["totals"]["payable"] == 2634
    assert done["points_earned"] == 26
    assert (await shop.wallet(ada)).available == 26
    await shop.holds()


async def test_a_return_without_an_order_finds_the_latest_sales(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 2, 1000, sku="TEA")), "S-1")
    await shop.buy(cart(line("1", 1, 1200, sku="TEA"), line("2", 1, 500, sku="BUN")), "S-2")

    body = {"member": "ext:C-1", "lines": [{"sku": "TEA", "quantity": 4}], "return_id": "R-1"}
    back = await shop.post("/v1/returns", body, status=201)

    assert [one["refund_money"] for one in back["orders"]] == [1200, 2000]
    assert back["unmatched"] == [{"sku": "TEA", "quantity": 1, "amount": 0}]
    assert (back["refund_money"], back["points_clawed_back"]) == (3200, 32)
    assert (await shop.wallet(ada)).available == 5
    again = await shop.post("/v1/returns", body, status=409)
    assert again["code"] == "order-conflict"
    await shop.holds()


async def test_money_without_an_order_is_taken_off_the_latest_sales(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 1, 1000)), "S-1")
    await shop.buy(cart(line("1", 1, 2000)), "S-2")

    body = {"member": "ext:C-1", "amount": 2500}
    back = await shop.post("/v1/returns", body, status=201)

    assert [one["refund_money"] for one in back["orders"]] == [2000, 500]
    assert back["points_clawed_back"] == 25
    await shop.holds()


async def test_an_order_told_late_held_its_points_from_the_day_it_was_placed(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    now = web.application.clock.now()
    placed, sent = now - timedelta(days=40), now - timedelta(days=39)
    order = cart(line("1", 1, 1000), points_to_spend=100)
    await shop.place(order, placed_at=placed.isoformat(), paid_at=placed.isoformat())
    await shop.complete(completed_at=sent.isoformat())

    held = []
    async with web.application.database.read() as connection:
        for at in (placed, sent):
            stood = await ledger.wallet_as_of(connection, ada.holder, at=at)
            held.append(stood.held)

    assert held == [100, 0]
    await shop.holds()
