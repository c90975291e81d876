"""Offers over HTTP: what a cart is told, what its order holds, and what a rule may not say."""

from typing import Any

from tests.stories.test_events import publish
from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart, line

Json = dict[str, Any]

BUNDLE: Json = {
    "rule": "three-for-10",
    "effects": [{"effect": "bundle", "units": 3, "price": 1000}],
}
STEPS: Json = {
    "rule": "more-is-more",
    "effects": [
        {
            "effect": "amount-off",
            "target": "order",
            "steps": [{"from": 2000, "amount": 200}, {"from": 4000, "amount": 500}],
        }
    ],
}
TOTE: Json = {
    "rule": "tote",
    "titles": {"en": "A bag", "zh": "手提袋"},
    "when": {"fact": "subtotal", "at-least": 2000},
    "effects": [
        {"effect": "gift", "sku": "TOTE", "choose": ["MUG"]},
        {"effect": "voucher", "definition": "five-off", "quantity": 2},
    ],
}
PEN: Json = {
    "rule": "pen",
    "voucher": "five-off",
    "effects": [{"effect": "gift", "sku": "PEN"}],
}


async def test_offers_are_quoted_line_by_line_and_gifts_beside_them(
    shop: Shop, web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    await _define(admin)
    await publish(admin, BUNDLE, STEPS, TOTE)

    small = await shop.quote(cart(line("1", 3, 400)))
    large = await shop.quote(cart(line("1", 3, 400), line("2", 1, 1101)))
    guest = await shop.quote(cart(line("1", 1, 2001)), who=None)

    assert [one["total"] for one in small["lines"]] == [1000]
    assert (small["gifts"], small["grants"]) == ([], [])
    assert [[each["rule"] for each in one["discounts"]] for one in large["lines"]] == [
        ["three-for-10"],
        ["three-for-10"],
    ]
    assert large["totals"]["payable"] == 400 + 1000
    assert large["gifts"] == []
    assert guest["totals"]["payable"] == 1801
    assert guest["gifts"] == [
        {
            "rule": "tote",
            "version": 1,
            "titles": TOTE["titles"],
            "sku": "TOTE",
            "quantity": 1,
            "choose": ["MUG"],
        }
    ]
    assert guest["grants"] == []

    member = await shop.quote(cart(line("1", 1, 2001)))
    assert member["gifts"] == guest["gifts"]
    assert member["grants"] == [
        {
            "rule": "tote",
            "version": 1,
            "titles": TOTE["titles"],
            "definition": "five-off",
            "quantity": 2,
        }
    ]


async def test_a_voucher_that_brings_a_gift_alone_is_reserved_and_redeemed(
    shop: Shop, web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    await _define(admin)
    await publish(admin, PEN)
    given = await admin.post(
        "/v1/members/ext:C-1/vouchers", {"definition": "five-off", "reason": "goodwill"}
    )
    order = cart(line("1", 1, 1000), voucher_codes=[given.json()["code"]])

    quoted = await shop.quote(order)
    await shop.place(order, quote=quoted["quote"])

    assert [(gift["rule"], gift["sku"]) for gift in quoted["gifts"]] == [("pen", "PEN")]
    assert await _states(admin) == ["reserved"]
    again = await shop.quote(order)
    assert again["gifts"] == []
    refused = [one["code"] for one in again["not_applied"] if "voucher_code" in one]
    assert refused == ["voucher-used-up"]
    await shop.complete()
    assert await _states(admin) == ["redeemed"]
    await shop.holds()


async def test_what_contradicts_itself_is_refused_with_the_path_to_it(admin: Caller) -> None:
    steps = STEPS["effects"][0]
    wrong: list[tuple[Json, str, str]] = [
        ({**steps, "every": 300}, "rule-contradictory-fields", "/every"),
        ({**steps, "steps": steps["steps"][::-1]}, "rule-value-out-of-range", "/steps/1/from"),
        ({**BUNDLE["effects"][0], "units": 1}, "rule-value-out-of-range", "/units"),
        ({**BUNDLE["effects"][0], "price": -1}, "rule-negative-price", "/price"),
    ]

    for effect, code, at in wrong:
        refused = await admin.post("/v1/rule-drafts", {"rules": [{**STEPS, "effects": [effect]}]})
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert (error["code"], error["pointer"]) == (code, f"/rules/0/effects/0{at}")


async def _define(admin: Caller) -> None:
    definition = {"name": "five-off", "titles": {"en": "Five off"}, "valid_for_days": 30}
    assert (await admin.post("/v1/voucher-definitions", definition)).status_code == 201


async def _states(admin: Caller) -> list[str]:
    listed = await admin.get("/v1/members/ext:C-1/vouchers")
    return [one["state"] for one in listed.json()["items"]]
