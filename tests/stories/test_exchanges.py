"""An exchange: what comes back and what replaces it, in one step and one transaction."""

import pytest

from tests.stories.test_statements import counting
from tests.stories.test_steps_twice import everything
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

RETURN_AND_PLACE = 5 + 4
"""What the two steps cost alone, each with the statement that begins it."""


async def exchange(
    shop: Shop, back: Json, order: Json, name: str = "S-1", *, status: int = 201, **more: object
) -> Json:
    """Exchange lines of an order."""
    body = {"return": back, "order": order, **more}
    return await shop.post(f"/v1/orders/ext:{name}/exchange", body, status=status)


async def test_an_exchange_returns_and_orders_in_one_step_and_spends_the_points_given_back(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    await shop.buy(cart(line("1", 3, 333), points_to_spend=100))
    back = {"return_id": "R-1", "reason": "wrong-size", "lines": [{"line_id": "1", "quantity": 1}]}
    order = cart(line("1", 1, 1_001), points_to_spend=37)

    with counting(monkeypatch) as seen:
        done = await exchange(shop, back, order, order_id="S-2")

    assert len(seen) <= RETURN_AND_PLACE, seen
    returned = done["return"]
    assert (returned["refund_money"], returned["points_returned"]) == (299, 33)
    assert returned["points_clawed_back"] == 2
    assert done["order"]["totals"]["payable"] == 964
    assert (done["to_pay"], done["to_refund"]) == (665, 0)
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.held) == (2, 37)
    await shop.complete("S-2")
    await shop.holds()


async def test_an_exchange_that_cannot_be_placed_returns_nothing(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 333)))
    before = await everything(web)
    back = {"lines": [{"line_id": "1", "quantity": 2}]}

    short = await exchange(shop, back, cart(points_to_spend=5_000), status=409)
    many = await exchange(shop, {"lines": [{"line_id": "1", "quantity": 4}]}, cart(), status=409)
    what = await exchange(shop, {"lines": [{"line_id": "9", "quantity": 1}]}, cart(), status=422)

    assert short["code"] == "points-over-available"
    assert (many["code"], many["errors"][0]["pointer"]) == (
        "more-than-bought",
        "/return/lines/0/quantity",
    )
    assert (what["code"], what["errors"][0]["pointer"]) == (
        "unknown-line",
        "/return/lines/0/line_id",
    )
    assert await everything(web) == before
    await shop.holds()


async def test_the_same_exchange_is_a_replay_and_half_of_one_is_a_conflict(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 333)))
    back = {"return_id": "R-1", "lines": [{"line_id": "1", "quantity": 1}]}
    order = cart(line("1", 1, 777))

    once = await exchange(shop, back, order, order_id="S-2")
    before = await everything(web)
    again = await exchange(shop, back, order, order_id="S-2")
    other = await exchange(shop, back, cart(line("1", 2, 777)), order_id="S-2", status=409)
    half = await exchange(shop, back, order, order_id="S-3", status=409)
    rest = await exchange(shop, {**back, "return_id": "R-2"}, order, order_id="S-2", status=409)

    assert again == once
    assert [one["facts"]["field"] for one in (other, half, rest)] == [
        *("lines", "return_id", "order_id"),
    ]
    assert await everything(web) == before
    await shop.holds()


async def test_a_guest_exchanges_and_gets_money_back(shop: Shop) -> None:
    await shop.place(cart(line("1", 3, 333)), who=None)
    await shop.complete()

    back = {"lines": [{"line_id": "1", "quantity": 2}]}
    done = await exchange(shop, back, cart(line("1", 1, 500)), order_id="S-2")

    assert (done["to_pay"], done["to_refund"]) == (0, 166)
    assert (await shop.order("S-2"))["member"] is None
    await shop.holds()
