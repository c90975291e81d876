"""The time until an order is paid: its hold is extended, taken anew, and runs out."""

from datetime import datetime, timedelta

from loyalty.orders.upkeep import release_overdue_holds
from tests.stories.test_upkeep import later
from tests.support.api import Caller, Web
from tests.support.shop import Json, Shop, cart, line


async def hold(shop: Shop, until: datetime, name: str = "S-1", *, status: int = 200) -> Json:
    """Hold an order until another instant."""
    body = {"hold_until": until.isoformat()}
    return await shop.post(f"/v1/orders/ext:{name}/hold", body, status=status)


async def test_a_hold_that_was_extended_outlives_its_first_end_and_then_runs_out(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 500)
    placed = await shop.place(cart(line("1", 3, 333), points_to_spend=100))
    until = datetime.fromisoformat(placed["hold_until"]) + timedelta(minutes=10)

    held = await hold(shop, until)
    again = await hold(shop, until)

    assert held == again
    assert datetime.fromisoformat(held["hold_until"]) == until
    assert await release_overdue_holds(web.application, later(web, minutes=39)) == 0
    assert (await shop.wallet(ada)).held == 100
    assert await release_overdue_holds(web.application, later(web, minutes=41)) == 1
    assert (await shop.wallet(ada)).held == 0
    assert (await shop.order())["hold_until"] is None
    over = await hold(shop, until + timedelta(minutes=5), status=409)
    assert over["code"] == "hold-over"
    await shop.holds()


async def test_an_order_paid_after_its_hold_ran_out_takes_its_points_anew_as_it_ships(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    await shop.place(cart(line("1", 3, 333), points_to_spend=100))
    await release_overdue_holds(web.application, later(web, minutes=31))
    await shop.post("/v1/orders/ext:S-1/paid", {}, status=200)

    parts = [
        await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}]),
        await shop.complete(shipment="P-2"),
    ]

    assert [part["points_spent"] for part in parts] == [33, 67]
    assert [part["exceptions"] for part in parts] == [[], []]
    assert (await shop.wallet(ada)).available == 8
    await shop.holds()


async def test_points_spent_elsewhere_meanwhile_are_an_exception_that_somebody_settles(
    shop: Shop, web: Web, finance: Caller
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    await shop.place(cart(line("1", 3, 333), points_to_spend=100), "S-1")
    await release_overdue_holds(web.application, later(web, minutes=31))
    await shop.buy(cart(line("1", 1, 500), points_to_spend=61), "S-2")

    done = await shop.complete("S-1")

    assert done["exceptions"] == ["points-overdrawn"]
    listed = (await finance.get("/v1/exceptions")).json()["items"]
    assert [(one["code"], one["amount"], one["unit"]) for one in listed] == [
        ("points-overdrawn", 57, "points")
    ]
    path = f"/v1/exceptions/{listed[0]['exception']}/settle"
    settled = (await finance.post(path, {"reason": "explained"})).json()
    assert settled["settled"]["outcome"] == "settled"
    assert settled["settled"]["by"].startswith("key:")
    assert (await finance.get("/v1/exceptions")).json()["items"] == []
    kept = (await finance.get(f"/v1/exceptions?state=settled&order={done['order']}")).json()
    assert kept["items"] == [settled]
    await shop.holds()
