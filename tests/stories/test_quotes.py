"""What a quote says: the same cart for different members, in their language, and for a guest."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from loyalty.ids import show
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line

CART: Json = cart(line("1", 4, 1000, member_price=900), shipping=590)


async def test_the_same_cart_differs_by_tier_and_says_what_did_not_apply(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    await web.joined(external_id="C-2")
    for number in range(3):
        body = {"who": "ext:C-2", "priced_by": "shop"}
        await shop.buy(cart(line(unit_price=20_000)), f"S-{number}", **body)

    standard = await shop.quote(CART, who="ext:C-1")
    gold = await shop.quote(CART, who="ext:C-2")

    assert (standard["totals"]["payable"], gold["totals"]["payable"]) == (4190, 3600)
    assert (standard["points"]["earn"], gold["points"]["earn"]) == (36, 72)
    assert gold["shipping"] == {
        "regular": 590,
        "discounts": [{"rule": "gold-free-shipping", "version": 1, "amount": 590}],
        "points_value": 0,
        "total": 0,
    }
    told = {one["rule"]: one for one in standard["not_applied"]}
    assert told["gold-free-shipping"]["code"] == "condition-not-met"
    assert told["gold-free-shipping"]["unlock"] == "Reach the tier gold."
    assert told["spend-50"] == {
        "code": "condition-not-met",
        "message": "The subtotal is 36.00 USD; the rule asks for 50.00 USD.",
        "rule": "spend-50",
        "version": 1,
        "fact": "subtotal",
        "seen": 3600,
        "wanted": 5000,
        "unlock": "Add goods for 14.00 USD.",
    }
    assert "gold-free-shipping" not in {one["rule"] for one in gold["not_applied"]}
    assert gold["lines"][0]["earn_why"] == [
        {"rule": "base-earn", "version": 1, "points": 1, "per": 100},
        {"rule": "gold-twice", "version": 1, "multiplier": 200},
    ]


async def test_reasons_are_told_in_the_caller_s_language(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    shop.caller.headers["Accept-Language"] = "fr;q=0.1, zh-CN, en;q=0.5"

    quoted = await shop.quote(CART)

    (told,) = [one for one in quoted["not_applied"] if one["rule"] == "spend-50"]
    assert told["message"] == "小计为 36.00 USD，规则要求 50.00 USD。"
    assert told["unlock"] == "再买 14.00 USD 的商品。"


async def test_a_quote_writes_nothing_and_may_be_asked_by_our_id(shop: Shop, web: Web) -> None:
    ada = await web.joined(external_id="C-1")

    by_ours = await shop.quote(CART, who=show("mem", ada.id))
    by_theirs = await shop.quote(CART)

    assert by_ours["totals"] == by_theirs["totals"]
    assert by_ours["entitlements"] == []
    assert (by_ours["if_joined"], by_ours["if_plan"]) == (None, None)


async def test_a_code_that_is_none_is_told_and_does_not_stop_the_quote(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")

    quoted = await shop.quote(cart(line(), voucher_codes=["NO SUCH"]))

    (told,) = [one for one in quoted["not_applied"] if "voucher_code" in one]
    assert (told["code"], told["message"]) == ("voucher-not-found", "There is no such voucher.")


async def test_a_publication_is_seen_by_the_next_quote(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    before = await shop.quote(CART)
    admin = await web.caller("admin")
    rule = {
        "rule": "half-price",
        "titles": {"en": "Half"},
        "effects": [{"effect": "percent-off", "percent": 50, "target": "order"}],
    }
    drafted = await admin.post("/v1/rules", rule)
    assert drafted.status_code in {200, 201}, drafted.text
    live = {"rules": [{"name": "half-price", "version": 1}]}
    published = await admin.post("/v1/rule-sets", live)
    assert published.status_code in {200, 201}, published.text

    after = await shop.quote(CART)

    assert (before["rule_set"], after["rule_set"]) == (1, 2)
    assert after["totals"]["payable"] == 2590
    placed = await shop.place(CART, quote=before["quote"])
    assert placed["totals"] == before["totals"]


async def test_points_that_the_policy_does_not_let_be_spent_are_refused_at_the_quote(
    shop: Shop, web: Web
) -> None:
    await shop.policy(spend_minimum=200, spend_step=50, spend_share_percent=30)
    await shop.give(await web.joined(external_id="C-1"), 700)

    refused = [
        await shop.quote(cart(line(unit_price=2_000), points_to_spend=points), status=status)
        for points, status in ((150, 422), (225, 422), (650, 409), (750, 409))
    ]
    taken = await shop.quote(cart(line(unit_price=2_000), points_to_spend=600))

    assert [(one["code"], one["errors"][0]["pointer"]) for one in refused] == [
        ("points-under-minimum", "/order/points_to_spend"),
        ("points-off-step", "/order/points_to_spend"),
        ("points-over-spendable", "/order/points_to_spend"),
        ("points-over-available", "/order/points_to_spend"),
    ]
    assert (taken["points"]["spend"], taken["totals"]["payable"]) == (600, 1_400)


async def test_a_guest_sees_what_joining_would_save_and_earn_and_by_which_rules(
    shop: Shop, web: Web
) -> None:
    order = cart(line("1", 4, 1000, member_price=900), line("2", 1, 2000), shipping=590)

    guest = await shop.quote(order, who=None)
    await web.joined(external_id="C-1")
    member = await shop.quote(order)

    assert guest["totals"]["payable"] == 5990
    assert guest["points"]["earn"] == 0
    assert guest["if_joined"] == {
        "saving": 360,
        "payable": 5630,
        "earn": 50,
        "because": [{"rule": "card-price", "version": 1, "amount": 400}],
    }
    assert guest["if_joined"]["payable"] == member["totals"]["payable"]
    assert guest["if_joined"]["earn"] == member["points"]["earn"]
    assert member["if_joined"] is None


HELD: Json = cart(line("1", 2, 1000, category="BREAD"), line("2"), shipping=590, channel="web")
OTHERWISE: Mapping[str, Callable[[], Json]] = MappingProxyType(
    {
        "more units": lambda: HELD | {"lines": [HELD["lines"][0] | {"quantity": 3}, line("2")]},
        "a price": lambda: HELD | {"lines": [HELD["lines"][0] | {"unit_price": 999}, line("2")]},
        "a category": lambda: HELD | {"lines": [HELD["lines"][0] | {"category": ""}, line("2")]},
        "a line less": lambda: HELD | {"lines": HELD["lines"][:1]},
        "another order of lines": lambda: HELD | {"lines": HELD["lines"][::-1]},
        "another shipping price": lambda: HELD | {"shipping": {"method": "standard", "price": 0}},
        "another method": lambda: HELD | {"shipping": {"method": "express", "price": 590}},
        "another channel": lambda: HELD | {"channel": "app"},
        "another country": lambda: HELD | {"country": "DE"},
    }
)


async def test_a_cart_that_changed_after_its_quote_is_refused_by_name(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    token = (await shop.quote(HELD))["quote"]

    refused = {
        how: await shop.place(changed(), quote=token, status=409)
        for how, changed in OTHERWISE.items()
    }
    coded = HELD | {"voucher_codes": ["TEN"]}
    coupon = await shop.place(coded, quote=token, status=409)

    assert {how: (one["code"], one["facts"]) for how, one in refused.items()} == dict.fromkeys(
        OTHERWISE, ("quote-mismatch", {"field": "cart"})
    )
    assert (coupon["code"], coupon["facts"]) == ("quote-mismatch", {"field": "voucher_codes"})
    await shop.place(HELD, quote=token)


async def test_a_quote_that_has_expired_or_says_other_than_we_signed_is_refused_by_name(
    shop: Shop, web: Web
) -> None:
    ada = await web.joined(external_id="C-1")
    token = (await shop.quote(HELD))["quote"]
    signing, now = web.application.signing, web.cause().at
    claims = signing.verify("quote", token, at=now)
    old = signing.sign("quote", claims, expires_at=now - timedelta(seconds=1))
    credential = signing.sign(
        "credential", {"member": str(ada.id)}, expires_at=now + timedelta(minutes=5)
    )

    expired = await shop.place(HELD, quote=old, status=422)
    forged = [
        await shop.place(HELD, quote=other, status=422)
        for other in (_cheaper(token), _unsigned(token), credential, token[:-1])
    ]

    assert (expired["code"], expired["errors"][0]["pointer"]) == ("token-expired", "/quote")
    assert "The quote was good until" in expired["detail"]
    assert [(one["code"], one["errors"][0]["pointer"]) for one in forged] == [
        ("token-malformed", "/quote")
    ] * 4


def _cheaper(token: str) -> str:
    """Return the token with another claim under the same signature."""
    head, body, signature = token.split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    payload["claims"]["question"]["points"]["value"] = 1_000
    other = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    return f"{head}.{other}.{signature}"


def _unsigned(token: str) -> str:
    """Return the token with a header that asks for no signature."""
    _, body, _ = token.split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{body}."
