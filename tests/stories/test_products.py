"""What lists of products show: a price, a member's price, points and the rules that make them."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Price
from loyalty.cause import Cause
from loyalty.policy.store import BEGINNING
from loyalty.prices import set_prices
from loyalty.rules import draft_rule, publish_rules
from tests.stories.test_statements import counting
from tests.support.api import Caller, Web
from tests.support.shop import RULES, Json, Shop, cart, line

CLUB: Json = {
    "rule": "club",
    "when": {"fact": "member", "is": True},
    "effects": [{"effect": "exclusive-price", "price_list": "club"}],
}
PASTRY: Json = {
    "rule": "pastry",
    "effects": [
        {
            "effect": "percent-off",
            "percent": 10,
            "target": "lines",
            "where": {"fact": "category", "is": "PASTRY"},
        }
    ],
}
ITEMS: list[Json] = [
    {"sku": "TEA", "unit_price": 1_000, "member_price": 900},
    {"sku": "BUN", "unit_price": 455, "category": "PASTRY"},
    {"sku": "MUG", "unit_price": 0},
]


async def _publish(connection: AsyncConnection, cause: Cause) -> None:
    drafted = [await draft_rule(connection, cause, rule) for rule in (*RULES, CLUB, PASTRY)]
    await publish_rules(connection, cause, [(one.rule, one.version) for one in drafted])
    await set_prices(connection, cause, "club", [Price("BUN", 400, 455, BEGINNING)])


async def ask(shop: Shop, items: list[Json], *, status: int = 200, **who: Any) -> Json:
    """Ask for the prices of products."""
    return await shop.post(
        "/v1/checkout/prices", {"currency": "USD", "items": items, **who}, status=status
    )


async def test_a_list_shows_prices_and_points_to_a_member_a_tier_and_a_guest(
    shop: Shop, web: Web
) -> None:
    await web.application.database.write(_publish, web.cause())
    await web.joined(external_id="C-1")

    member = await ask(shop, ITEMS, member="ext:C-1")
    gold = await ask(shop, ITEMS, tier="gold")
    guest = await ask(shop, ITEMS)

    def figures(told: Json) -> list[tuple[Any, ...]]:
        wanted = ("sku", "regular", "price", "member_price", "points")
        return [tuple(one[name] for name in wanted) for one in told["items"]]

    assert (member["tier"], gold["tier"], guest["tier"]) == ("standard", "gold", None)
    assert figures(member) == [
        ("TEA", 1_000, 900, 900, 9),
        ("BUN", 455, 360, 360, 3),
        ("MUG", 0, 0, 0, 0),
    ]
    assert [one["points"] for one in gold["items"]] == [18, 7, 0]
    assert figures(guest) == [
        ("TEA", 1_000, 1_000, 900, 9),
        ("BUN", 455, 409, 360, 3),
        ("MUG", 0, 0, 0, 0),
    ]
    assert guest["items"][1]["discounts"] == [{"rule": "pastry", "version": 1, "amount": 46}]
    assert guest["items"][1]["member_discounts"] == [
        {"rule": "club", "version": 1, "amount": 55},
        {"rule": "pastry", "version": 1, "amount": 40},
    ]
    assert [one["rule"] for one in gold["items"][0]["earn_why"]] == ["base-earn", "gold-twice"]


async def test_the_price_of_a_list_is_that_of_a_cart_of_one_unit(shop: Shop, web: Web) -> None:
    await web.application.database.write(_publish, web.cause())
    await web.joined(external_id="C-1")

    listed = await ask(shop, ITEMS, member="ext:C-1")

    for place, item in enumerate(ITEMS):
        quoted = await shop.quote(cart(line(str(place), **item)))
        assert quoted["totals"]["payable"] == listed["items"][place]["price"]
        assert quoted["points"]["earn"] == listed["items"][place]["points"]


async def test_two_hundred_products_cost_one_statement_and_more_are_refused_by_name(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.joined(external_id="C-1")
    many = [{"sku": f"S-{number}", "unit_price": 1_000 + number} for number in range(200)]
    await ask(shop, many[:1], member="ext:C-1")

    with counting(monkeypatch) as seen:
        told = await ask(shop, many, member="ext:C-1")
    refused = await ask(shop, [*many, many[0]], member="ext:C-1", status=422)

    assert len(seen) == 1, seen
    assert [one["regular"] for one in told["items"]] == [1_000 + number for number in range(200)]
    assert (refused["code"], refused["facts"]) == ("too-many-skus", {"seen": 201, "wanted": 200})
    assert refused["errors"][0]["pointer"] == "/items"


async def test_who_looks_at_a_list_is_known_and_one(shop: Shop, checkout: Caller) -> None:
    await shop.web.joined(external_id="C-1")

    refused = [
        await ask(shop, ITEMS, status=status, **who)
        for status, who in (
            (404, {"member": "ext:C-9"}),
            (422, {"tier": "platinum"}),
            (422, {"tier": "gold", "member": "ext:C-1"}),
        )
    ]
    foreign = await shop.post(
        "/v1/checkout/prices", {"currency": "EUR", "items": ITEMS}, status=422
    )

    assert [(one["code"], one["errors"][0]["pointer"]) for one in (*refused, foreign)] == [
        ("unknown-member", "/member"),
        ("tier-unknown", "/tier"),
        ("invalid-request", "/tier"),
        ("foreign-currency", "/currency"),
    ]
