"""A guest's order becomes its buyer's: claimed once, soon after joining, on the shop's proof."""

import asyncio
from datetime import timedelta

import pytest

import ledger
import tiers
from loyalty.idempotency import Attempt, Begun
from loyalty.ids import read
from loyalty.orders.completing import Completing, complete
from tests.stories.test_statements import MOST, counting
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line


async def claim(
    shop: Shop, name: str = "S-1", who: str = "ext:C-1", *, status: int = 200, **more: str
) -> Json:
    """Claim an order for a member."""
    body = {"member": who, "proof": "same-email", **more}
    return await shop.post(f"/v1/orders/ext:{name}/claim", body, status=status)


async def test_a_claimed_order_earns_what_it_would_have_and_lives_on_as_the_member_s(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.place(cart(line("1", 7, 333), line("2", amount=1_999), shipping=500), who=None)
    two = [{"line_id": "1", "quantity": 2}, {"line_id": "2", "quantity": 1, "amount": 1_500}]
    await shop.complete(shipment="P-1", lines=two)
    await shop.give_back(return_id="R-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.complete(shipment="P-2", lines=[{"line_id": "1", "quantity": 3}])
    await shop.cancel(shipment="X-1", lines=[{"line_id": "1", "quantity": 1}])
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 1)
    await shop.wallet(ada)

    with counting(monkeypatch) as seen:
        done = await claim(shop)

    assert len(seen) <= MOST, seen
    # 43 of 4,330 over 2,331 and 1,999 is 23 and 20; five of seven units earn 16 of the 23
    assert [one["points_earned"] for one in done["shipments"]] == [6 + 15, 10]
    assert (done["points_earned"], done["points_clawed_back"]) == (31, 3)
    assert done["purchases"] == 666 + 1_500 + 999
    assert (await shop.wallet(ada)).available == 1 + 31 - 3
    order = await shop.order()
    assert order["member"] == done["member"]
    assert (order["points"]["earn"], order["tier"]) == (43, "standard")
    await shop.holds()

    assert (await shop.complete(shipment="P-3"))["points_earned"] == 3
    rest = [{"line_id": "1", "quantity": 5}, {"line_id": "2", "quantity": 1}]
    await shop.give_back(return_id="R-2", lines=rest, shipping=True)
    assert (await shop.wallet(ada)).available == 1
    await shop.holds()


async def test_a_claimed_order_counts_in_points_and_tiers_from_the_day_of_joining(
    shop: Shop, web: Web
) -> None:
    past = web.application.clock.now() - timedelta(days=40)
    for name in ("S-0", "S-1"):
        await shop.place(cart(line(unit_price=4_999)), name, who=None, placed_at=past.isoformat())
        await shop.complete(name, completed_at=past.isoformat())
    ada = await web.joined(external_id="C-1")

    await claim(shop, "S-0")
    await claim(shop, "S-1")

    joined_on = ada.joined_at.date()
    async with web.application.database.read() as connection:
        subject = (await tiers.find_subjects(connection, {ada.id: joined_on}))[ada.id]
        lots = await ledger.lots(connection, ada.holder, at=web.application.clock.now())
    assert [(one.on, one.purchases) for one in subject.activities] == [(joined_on, 4_999)] * 2
    assert [(one.earned_at, one.granted) for one in lots] == [(ada.joined_at, 49)] * 2
    await shop.holds()


async def test_a_step_that_began_as_a_guest_s_goes_on_as_the_member_s(shop: Shop, web: Web) -> None:
    placed = await shop.place(cart(line("1", 3, 333)), who=None)
    ada = await web.joined(external_id="C-1")
    await claim(shop)
    cause = web.cause()
    attempt = Attempt("test", "complete", None, b"", None, cause.at)
    begun = Begun(attempt, None, read("ord", placed["order"]))
    programme = web.application.programme

    await web.application.database.write(complete, programme, cause, begun, Completing())

    assert (await shop.wallet(ada)).available == 9
    await shop.holds()


async def test_a_claim_is_refused_by_name(shop: Shop, web: Web) -> None:
    old = web.application.clock.now() - timedelta(days=30)
    await web.joined(external_id="C-1")
    await web.joined(external_id="C-2")
    await web.joined(external_id="C-9", joined_at=old)
    await shop.place(cart(), "S-1", who=None)
    await shop.place(cart(), "S-2", who="ext:C-1")

    late = await claim(shop, who="ext:C-9", status=409)
    own = await claim(shop, "S-2", status=409)
    nothing = await claim(shop, "S-3", status=404)
    once = await claim(shop)
    again = await claim(shop)
    other = await claim(shop, who="ext:C-2", status=409)
    proof = await claim(shop, proof="told-us", status=409)

    assert [one["code"] for one in (late, own, nothing, other, proof)] == [
        *("claim-too-late", "not-a-guests-order", "unknown-order", "order-claimed"),
        "order-conflict",
    ]
    assert again == once
    await shop.holds()


async def test_two_members_claim_one_order_and_a_shipment_comes_between_one_outcome(
    shop: Shop, web: Web
) -> None:
    ada, bob = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    await shop.place(cart(line("1", 3, 333)), who=None)
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])
    path, body = "/v1/orders/ext:S-1", {"proof": "same-email"}

    answers = await asyncio.gather(
        shop.caller.post(f"{path}/claim", {"member": "ext:C-1", **body}),
        shop.caller.post(f"{path}/claim", {"member": "ext:C-2", **body}),
        shop.caller.post(f"{path}/complete", {"shipment": "P-2"}),
    )

    statuses = [one.status_code for one in answers]
    assert sorted(statuses[:2]) == [200, 409], [one.text for one in answers]
    assert statuses[2] == 200, answers[2].text
    lost = answers[statuses.index(409)].json()
    assert lost["code"] == "order-claimed"
    wallets = [await shop.wallet(who) for who in (ada, bob)]
    assert sorted(wallet.available for wallet in wallets) == [0, 9]
    await shop.holds()
