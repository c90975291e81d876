"""What an order was decided by: told in words, and made again to the same bytes a year later."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Group, Price
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.ladders import publish_ladder
from loyalty.policy.store import BEGINNING
from loyalty.prices import set_prices
from loyalty.rules import draft_rule, publish_rules
from tests.support.api import Caller, Web
from tests.support.shop import EARN_ONE, GOLD_SHIPS_FREE, SPEND_50, Json, Shop, cart, line
from tiers import default_ladder

CLUB: Json = {
    "rule": "club-price",
    "titles": {"en": "Club price"},
    "when": {"fact": "member", "is": True},
    "effects": [{"effect": "exclusive-price", "price_list": "club"}],
    "group": "prices",
}
BREAD: Json = {
    "rule": "bread-price",
    "effects": [
        {"effect": "exclusive-price", "percent": 5, "where": {"fact": "category", "is": "BREAD"}}
    ],
    "group": "prices",
}
EXPRESS: Json = {
    "rule": "members-express",
    "when": {"fact": "member", "is": True},
    "effects": [{"effect": "entitlement", "kind": "delivery-class", "class": "express"}],
}
EVERY: Sequence[Json] = (EARN_ONE, CLUB, BREAD, EXPRESS, SPEND_50, GOLD_SHIPS_FREE)


async def _publish(connection: AsyncConnection, cause: Cause, rules: Sequence[Json]) -> None:
    drafted = [await draft_rule(connection, cause, rule) for rule in rules]
    wanted = [(one.rule, one.version) for one in drafted]
    began = BEGINNING if rules is EVERY else None
    await publish_rules(
        connection, cause, wanted, groups=[Group("prices", "best")], live_from=began
    )


async def _price(connection: AsyncConnection, cause: Cause, amount: int, at: datetime) -> None:
    await set_prices(connection, cause, "club", [Price("SKU-1", amount, 1_000, at)])


async def _ladder(connection: AsyncConnection, cause: Cause) -> None:
    ladder = default_ladder(silver=(1, 1), gold=(2, 2), diamond=(3, 3), join="all")
    await publish_ladder(connection, cause, ladder)


async def _open(connection: AsyncConnection, cause: Cause) -> None:
    ladder = default_ladder(silver=(10_000, 2), gold=(30_000, 3), diamond=(100_000, 10), join="all")
    await publish_ladder(connection, cause, ladder)
    await _publish(connection, cause, EVERY)


@pytest_asyncio.fixture
async def club(web: Web, checkout: Caller) -> Shop:
    """A shop with prices for members, of which one has joined long ago."""
    write = web.application.database.write
    await write(_price, web.cause(), 800, BEGINNING)
    await write(_open, web.cause())
    await web.joined(external_id="C-1", joined_at=web.cause().at - timedelta(days=500))
    return Shop(web, checkout)


async def read(shop: Shop, path: str = "", *, name: str = "S-1", language: str = "en") -> Json:
    """Read the decision of an order, or what becomes of it when it is made again."""
    caller = replace(shop.caller, headers={"Accept-Language": language})
    answered = await caller.get(f"/v1/orders/ext:{name}/decision{path}")
    assert answered.status_code == 200, answered.text
    told: Json = answered.json()
    return told


ORDER: Json = cart(line("1", 3, 1_000, category="BREAD"), line("2", 1, 333), shipping=590)


async def test_a_decision_a_year_old_is_made_again_to_the_same_bytes(club: Shop, web: Web) -> None:
    placed_at = web.cause().at - timedelta(days=366)
    await club.place(ORDER, placed_at=placed_at.isoformat())
    before = await read(club)
    write = web.application.database.write
    moved = [rule | {"priority": 7} for rule in (EARN_ONE, BREAD, SPEND_50)]
    await write(_publish, web.cause(), moved)
    await write(_price, web.cause(), 500, web.cause().at)
    await write(_ladder, web.cause())
    forgotten = Programme(web.application.policies, web.application.signing)
    web.app.state.application = replace(web.application, programme=forgotten)

    told, after = await read(club, "/replay"), await read(club)
    now = await club.quote(ORDER)

    assert before == after
    assert (told["same"], [one["of"] for one in told["decisions"]]) == (True, ["placing"])
    (again,) = told["decisions"]
    assert again["stored_sha256"] == again["computed_sha256"] == after["sha256"]
    assert sha256(after["document"].encode()).hexdigest() == after["sha256"]
    assert json.loads(after["document"])["question"]["at"] == placed_at.isoformat()
    assert now["totals"] != json.loads(after["document"])["answer"]["totals"]


async def test_every_candidate_is_told_in_plain_words(club: Shop) -> None:
    await club.place(ORDER)

    told = {one["rule"]: one for one in (await read(club))["candidates"]}
    chinese = {
        one["rule"]: one["sentence"] for one in (await read(club, language="zh"))["candidates"]
    }

    assert {name: one["code"] for name, one in told.items()} == {
        "club-price": "applied",
        "base-earn": "applied",
        "members-express": "applied",
        "bread-price": "lost-to",
        "spend-50": "condition-not-met",
        "gold-free-shipping": "condition-not-met",
    }
    assert told["club-price"]["sentence"] == "It took off 6.00 USD."
    assert told["base-earn"]["sentence"] == "It gave points."
    assert told["members-express"]["sentence"] == "It applied."
    assert (told["bread-price"]["other"], chinese["bread-price"]) == (
        ("club-price", "club-price 更优惠。")
    )
    spend = told["spend-50"]
    assert (spend["fact"], spend["operator"], spend["seen"], spend["wanted"]) == (
        ("subtotal", "at-least", 2_733, 5_000)
    )
    assert spend["unlock"] == "Add goods for 22.67 USD."
    assert told["gold-free-shipping"]["unlock"] == "Reach the tier gold."
    assert chinese["club-price"] == "优惠 6.00 USD。"


async def test_orders_of_guests_and_of_the_shop_s_prices_are_made_again_as_well(
    club: Shop, web: Web
) -> None:
    sold = cart(line("1", 3, 1_000, category="BREAD"), line("2", 1, 333))
    await club.place(ORDER, "S-1", who=None)
    await club.place(sold, "S-2", priced_by="shop")
    await club.place(sold, "S-3", who=None, priced_by="shop")
    await club.complete("S-3")
    await web.joined(external_id="C-2")
    claim = {"member": "ext:C-2", "proof": "same-email"}
    await club.post("/v1/orders/ext:S-3/claim", claim, status=200)
    await web.application.database.write(_publish, web.cause(), [CLUB, BREAD])

    told = {name: await read(club, "/replay", name=name) for name in ("S-1", "S-2", "S-3")}
    guest, shop = await read(club, name="S-1"), await read(club, name="S-2")

    assert {name: one["same"] for name, one in told.items()} == dict.fromkeys(told, True), told
    assert [one["of"] for one in told["S-3"]["decisions"]] == ["placing", "claim"]
    assert guest["facts"] == {}
    earned = {one["rule"]: one["sentence"] for one in guest["candidates"]}
    assert earned["base-earn"] == "The customer is not a member."
    assert [(one["rule"], one["code"]) for one in shop["candidates"]][:1] == [
        ("base-earn", "applied")
    ]


async def test_what_was_decided_otherwise_is_named(
    club: Shop, owner_connection: AsyncConnection
) -> None:
    await club.place(ORDER)
    await club.place(cart(line()), "S-2", priced_by="shop")
    for table, field, was, is_ in (
        ("decision", "document", '"payable":3323', '"payable":3300'),
        ("order_line", "earn", "10", "11"),
    ):
        changed = await owner_connection.execute(
            text(
                f"update loyalty.{table} set {field} = replace({field}::text, :was, :is)"
                f"::{'text' if table == 'decision' else 'bigint'}"
                f" where {field}::text like '%' || :was || '%'"
            ),
            {"was": was, "is": is_},
        )
        assert changed.rowcount == 1

    told, shop = await read(club, "/replay"), await read(club, "/replay", name="S-2")

    assert (told["same"], shop["same"]) == (False, False)
    assert told["decisions"][0]["differences"] == [
        {"pointer": "/answer/totals/payable", "stored": 3_300, "computed": 3_323}
    ]
    assert shop["decisions"][0]["differences"] == [
        {"pointer": "/lines/0/1", "stored": 11, "computed": 10}
    ]
