"""Holds that run out, vouchers of an order, and a verifier that finds what was altered."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import VoucherDefinition
from loyalty.cause import Cause
from loyalty.members import Member
from loyalty.orders.upkeep import release_overdue_holds
from loyalty.orders.verify import first_broken_order
from loyalty.rules import draft_rule, publish_rules
from loyalty.vouchers import Issued, define_voucher, give_voucher
from tests.support.api import Web
from tests.support.shop import EARN_ONE, Json, Shop, cart, line

FIVE_OFF: Json = {
    "rule": "five-off",
    "titles": {"en": "Five off"},
    "voucher": "five",
    "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
}


def later(web: Web, **passed: int) -> Cause:
    """Return a cause of some time to come."""
    now = web.cause()
    return Cause(now.at + timedelta(**passed), now.actor, now.request_id)


async def _with_vouchers(connection: AsyncConnection, cause: Cause, whose: Member) -> Issued:
    await define_voucher(connection, cause, VoucherDefinition("five", {"en": "Five off"}))
    drafted = [await draft_rule(connection, cause, rule) for rule in (EARN_ONE, FIVE_OFF)]
    await publish_rules(connection, cause, [(one.rule, one.version) for one in drafted])
    return await give_voucher(connection, cause, whose, definition="five", reason="goodwill")


async def test_an_unpaid_order_lets_go_and_takes_anew_when_it_is_completed_after_all(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 300)
    await shop.place(cart(points_to_spend=200))

    assert await release_overdue_holds(web.application, later(web, minutes=29)) == 0
    assert await release_overdue_holds(web.application, later(web, minutes=31)) == 1
    assert await release_overdue_holds(web.application, later(web, minutes=32)) == 0
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.held) == (300, 0)

    done = await shop.complete()
    assert (done["points_spent"], done["exceptions"]) == (200, [])
    assert (await shop.wallet(ada)).available == 108
    await shop.holds()


async def test_points_spent_elsewhere_meanwhile_become_debt_and_an_exception(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 300)
    await shop.place(cart(points_to_spend=200), "S-1")
    await release_overdue_holds(web.application, later(web, minutes=31))
    await shop.place(cart(points_to_spend=300), "S-2")

    done = await shop.complete("S-1")

    assert done["exceptions"] == ["points-overdrawn"]
    assert (await shop.wallet(ada)).debt == 192
    await shop.cancel("S-2")
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.debt) == (108, 0)
    await shop.holds()


async def test_a_paid_order_keeps_what_it_holds(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 300)
    await shop.place(cart(points_to_spend=200))
    await shop.post("/v1/orders/ext:S-1/paid", {}, status=200)

    assert await release_overdue_holds(web.application, later(web, days=20)) == 0
    assert (await shop.wallet(ada)).held == 200


async def test_a_voucher_is_reserved_redeemed_and_reopened_with_its_order(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    given = await web.application.database.write(_with_vouchers, web.cause(), ada)
    order = cart(line("1", 2, 1000), voucher_codes=[given.code])

    quoted = await shop.quote(order)
    assert quoted["totals"]["payable"] == 1500
    await shop.place(order, "S-1", quote=quoted["quote"])
    refused = await shop.place(order, "S-2", quote=quoted["quote"], status=409)
    assert refused["code"] == "voucher-used-up"
    assert refused["errors"][0]["pointer"] == "/order/voucher_codes"

    await shop.complete("S-1")
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    assert (await shop.place(order, "S-3", status=409))["code"] == "voucher-used-up"
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.place(order, "S-3")
    await shop.cancel("S-3")
    await shop.place(order, "S-4")
    await release_overdue_holds(web.application, later(web, minutes=31))
    await shop.place(order, "S-5")
    await shop.holds()


async def test_the_verifier_names_what_was_altered_by_hand(
    shop: Shop, web: Web, owner_connection: AsyncConnection
) -> None:
    await web.joined(external_id="C-1")
    await shop.place(cart(line("1", 2, 1000), line("2", 3, 500)))
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.complete(shipment="P-2")
    await shop.give_back(lines=[{"line_id": "2", "quantity": 2}])
    await shop.holds()

    found: dict[str, Any] = {}
    for alter, mend in {
        "update loyalty.order_line set earn = earn + 1 where line_no = 1": (
            "update loyalty.order_line set earn = earn - 1 where line_no = 1"
        ),
        "update loyalty.shipment set total = total + 1": (
            "update loyalty.shipment set total = total - 1"
        ),
        "update loyalty.return_line set quantity = 9": (
            "update loyalty.return_line set quantity = 2"
        ),
        "update loyalty.return set earn = earn + 1": ("update loyalty.return set earn = earn - 1"),
        "update loyalty.shipment set purchases = purchases - 1": (
            "update loyalty.shipment set purchases = purchases + 1"
        ),
    }.items():
        await owner_connection.execute(text(alter))
        async with web.application.database.snapshot() as connection:
            found[alter] = set(await first_broken_order(connection))
        await owner_connection.execute(text(mend))

    assert list(found.values()) == [
        {"order-is-its-lines"},
        {"shipment-is-its-lines"},
        {"no-unit-goes-twice"},
        {"points-are-in-the-ledger"},
        {"purchases-are-in-the-tiers"},
    ]
    await shop.holds()
