"""Points that wait for the shop's word that a shipment was delivered."""

from datetime import datetime, timedelta

import pytest

import ledger
from tests.stories.test_statements import MOST, counting
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line


async def deliver(shop: Shop, name: str = "S-1", *, status: int = 200, **body: str) -> Json:
    """Report a delivery."""
    return await shop.post(f"/v1/orders/ext:{name}/delivered", body, status=status)


async def test_points_wait_for_the_delivery_of_their_shipment(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.policy(pending_until="delivered")
    ada = await web.joined(external_id="C-1")
    await shop.place(cart(line("1", 7, 333)))
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 3}])
    await shop.complete(shipment="P-2")
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.pending) == (0, 23)

    one = await deliver(shop, shipment="P-1")
    wallet = await shop.wallet(ada)
    assert (one["points_activated"], wallet.available, wallet.pending) == (9, 9, 14)
    again = await deliver(shop, shipment="P-1")
    assert again == one

    await shop.give_back(lines=[{"line_id": "1", "quantity": 4}])
    with counting(monkeypatch) as seen:
        rest = await deliver(shop)
    assert len(seen) <= MOST, seen
    assert (rest["points_activated"], len(rest["shipments"])) == (10, 1)
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.pending) == (10, 0)
    await shop.holds()


async def test_points_whose_delivery_nobody_reports_are_available_after_the_declared_days(
    shop: Shop, web: Web
) -> None:
    await shop.policy(pending_until="delivered", delivery_days=21)
    ada = await web.joined(external_id="C-1")
    told = await shop.buy(cart(line("1", 3, 333)))
    at = datetime.fromisoformat(told["points_active_at"])

    async with web.application.database.read() as connection:
        before = await ledger.wallet(connection, ada.holder, at=at - timedelta(seconds=1))
        after = await ledger.wallet(connection, ada.holder, at=at)

    assert at == datetime.fromisoformat(told["completed_at"]) + timedelta(days=21)
    assert (before.available, before.pending) == (0, 9)
    assert (after.available, after.pending) == (9, 0)
    assert (await deliver(shop))["points_activated"] == 9
    assert (await shop.wallet(ada)).available == 9
    await shop.holds()


async def test_points_that_wait_for_days_or_for_nothing_are_left_alone_by_a_delivery(
    shop: Shop, web: Web
) -> None:
    await shop.policy(pending_days=14)
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 333)))

    done = await deliver(shop)

    assert done["points_activated"] == 0
    assert (await shop.wallet(ada)).pending == 9
    await shop.holds()


async def test_a_delivery_is_refused_by_name_only_when_it_cannot_be(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    await shop.place(cart(line("1", 3, 333)))
    none = await deliver(shop, status=404)
    await shop.complete(shipment="P-1")
    unknown = await deliver(shop, shipment="P-9", status=404)
    early = await deliver(shop, delivered_at="2020-01-01T00:00:00Z", status=422)
    now = web.application.clock.now()
    await deliver(shop, delivered_at=now.isoformat())
    other = (now - timedelta(seconds=1)).isoformat()
    twice = await deliver(shop, shipment="P-1", delivered_at=other, status=409)

    assert [one["code"] for one in (none, unknown, early, twice)] == [
        *("unknown-shipment", "unknown-shipment", "instant-out-of-order", "order-conflict"),
    ]
    assert unknown["errors"][0]["pointer"] == "/shipment"
    await shop.holds()


async def test_a_claimed_order_that_was_delivered_before_has_nothing_to_wait_for(
    shop: Shop, web: Web
) -> None:
    await shop.policy(pending_until="delivered")
    await shop.place(cart(line("1", 7, 333)), who=None)
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 3}])
    await deliver(shop)
    await shop.complete(shipment="P-2")
    ada = await web.joined(external_id="C-1")

    body = {"member": "ext:C-1", "proof": "same-email"}
    await shop.post("/v1/orders/ext:S-1/claim", body, status=200)

    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.pending) == (9, 14)
    assert (await deliver(shop))["points_activated"] == 14
    await shop.holds()
