"""Vouchers and gifts that an order brings: once it is completed, and lost when all came back."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.members import Member
from loyalty.orders.verify import first_broken_order
from loyalty.rules import draft_rule, publish_rules
from loyalty.tables import event
from loyalty.vouchers import define_voucher
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

NEXT_TIME: Json = {
    "rule": "next-time",
    "when": {"fact": "subtotal", "at-least": 2000},
    "effects": [
        {"effect": "voucher", "definition": "five-off", "quantity": 2},
        {"effect": "gift", "sku": "TOTE", "choose": ["MUG"]},
    ],
}
FIVE_OFF: Json = {
    "rule": "five-off",
    "voucher": "five-off",
    "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
}
TWO = cart(line("1", 1, 1500), line("2", 1, 1500))


async def also(connection: AsyncConnection, cause: Cause) -> None:
    """Publish the rules of vouchers."""
    drafted = [await draft_rule(connection, cause, rule) for rule in (NEXT_TIME, FIVE_OFF)]
    wanted = [("base-earn", 1), *((one.rule, one.version) for one in drafted)]
    await publish_rules(connection, cause, wanted, live_from=cause.at)


@pytest_asyncio.fixture
async def ada(shop: Shop, web: Web) -> Member:
    definition = benefits.VoucherDefinition("five-off", {"en": "5 off"}, valid_for_days=30)
    await web.application.database.write(define_voucher, web.cause(), definition)
    await web.application.database.write(also, web.cause())
    return await web.joined(external_id="C-1")


async def vouchers_of(shop: Shop) -> list[Json]:
    """Read the member's vouchers."""
    answered = await shop.caller.get("/v1/members/ext:C-1/vouchers")
    items: list[Json] = answered.json()["items"]
    return items


async def told(database: Database, member: UUID) -> list[tuple[str, Any]]:
    """Read what the feed tells of vouchers."""
    statement = (
        select(event.c.type, event.c.data)
        .where(event.c.member == member, event.c.type.startswith("voucher."))
        .order_by(event.c.sequence)
    )
    async with database.read() as connection:
        return [(row.type, row.data["voucher"]) for row in await connection.execute(statement)]


async def test_what_an_order_promised_comes_once_with_the_step_that_completes_it(
    shop: Shop, web: Web, ada: Member
) -> None:
    quoted = await shop.quote(TWO)
    placed = await shop.place(TWO, quote=quoted["quote"])
    assert [each["sku"] for each in placed["gifts"]] == ["TOTE"]
    assert [(each["definition"], each["quantity"]) for each in placed["grants"]] == [
        ("five-off", 2)
    ]

    first = await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])
    assert first["vouchers"] == []
    assert await vouchers_of(shop) == []
    last = await shop.complete(shipment="P-2")
    again = await shop.complete(shipment="P-2")

    codes = sorted(each["code"] for each in last["vouchers"])
    assert len(set(codes)) == 2
    assert sorted(each["code"] for each in again["vouchers"]) == codes
    held = await vouchers_of(shop)
    assert sorted(each["code"] for each in held) == codes
    assert {each["state"] for each in held} == {"issued"}
    order = await shop.order()
    assert sorted(each["code"] for each in order["vouchers"]) == codes
    assert [each["choose"] for each in order["gifts"]] == [["MUG"]]
    events = await told(web.application.database, ada.id)
    assert [kind for kind, _ in events] == ["voucher.issued"] * 2
    await shop.holds()


async def test_cancelling_the_rest_of_an_order_completes_it_as_well(
    shop: Shop, ada: Member
) -> None:
    await shop.place(TWO)
    await shop.complete(shipment="P-1", lines=[{"line_id": "1", "quantity": 1}])

    cancelled = await shop.cancel()

    assert len(cancelled["vouchers"]) == 2
    await shop.place(TWO, "S-2")
    assert (await shop.cancel("S-2"))["vouchers"] == []
    assert len(await vouchers_of(shop)) == 2


async def test_unused_ones_are_void_when_all_of_the_order_came_back_and_used_ones_are_named(
    shop: Shop, web: Web, ada: Member
) -> None:
    done = await shop.buy(TWO)
    used, unused = done["vouchers"]
    await shop.buy(cart(line("9", 1, 1000), voucher_codes=[used["code"]]), "S-2")

    some = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])
    assert some["withdrawn"] == {"vouchers": [], "used": [], "gifts": []}
    rest = await shop.give_back(lines=[{"line_id": "2", "quantity": 1}], return_id="R-2")
    again = await shop.give_back(lines=[{"line_id": "2", "quantity": 1}], return_id="R-2")

    assert rest["withdrawn"]["vouchers"] == [unused["voucher"]]
    assert rest["withdrawn"]["used"] == [used["voucher"]]
    assert [each["sku"] for each in rest["withdrawn"]["gifts"]] == ["TOTE"]
    assert again["withdrawn"] == rest["withdrawn"]
    states = {each["id"]: each["state"] for each in await vouchers_of(shop)}
    assert states == {unused["voucher"]: "void", used["voucher"]: "redeemed"}
    kinds = [kind for kind, _ in await told(web.application.database, ada.id)]
    assert kinds == ["voucher.issued"] * 2 + ["voucher.voided"] * 2
    refused = await shop.place(cart(line("9"), voucher_codes=[unused["code"]]), "S-3", status=409)
    assert refused["code"] == "voucher-void"
    await shop.give_back("S-2", lines=[{"line_id": "9", "quantity": 1}])
    assert {each["state"] for each in await vouchers_of(shop)} == {"void"}
    await shop.holds()


async def test_a_gift_that_stands_in_the_order_is_named_by_its_line(
    shop: Shop, ada: Member
) -> None:
    gift = line("g", 1, 0, sku="MUG", gift_with="1")
    await shop.buy(cart(line("1", 1, 3000), gift))

    back = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])

    assert back["to_return"] == ["g"]
    assert back["withdrawn"]["gifts"] == []


async def test_a_guest_and_an_order_at_the_shops_prices_bring_none(shop: Shop, ada: Member) -> None:
    await shop.place(TWO, "G-1", who=None)
    guest = await shop.complete("G-1")
    paid = [line("1", 1, amount=3000)]
    await shop.place({"currency": "USD", "lines": paid}, "S-9", priced_by="shop")

    assert guest["vouchers"] == []
    assert (await shop.complete("S-9"))["vouchers"] == []


async def test_a_voucher_that_came_with_an_order_and_is_gone_is_found(
    shop: Shop, web: Web, ada: Member, owner_connection: AsyncConnection
) -> None:
    await shop.buy(TWO)
    await shop.holds()

    await owner_connection.execute(
        text("delete from benefits.voucher where member = :who"), {"who": ada.id}
    )

    async with web.application.database.snapshot() as connection:
        assert set(await first_broken_order(connection)) == {"granted-vouchers-were-issued"}
