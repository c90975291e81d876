"""Rights of members over HTTP: by themselves, on the wallet, on the quote; and their dates."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members import Member, close_member
from loyalty.rules import draft_rule, publish_rules
from loyalty.standings import grant_tier
from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart

RIGHT = {"effect": "entitlement"}
SERVICE = RIGHT | {"kind": "service-response"}
RULES: tuple[dict[str, Any], ...] = (
    {
        "rule": "all-return",
        "titles": {"en": "Members return free", "zh": "会员免费退货"},
        "when": {"fact": "member", "is": True},
        "effects": [RIGHT | {"kind": "free-returns", "days": 30}],
    },
    {
        "rule": "gold-rights",
        "when": {"fact": "tier", "at-least": "gold"},
        "effects": [
            SERVICE | {"hours": 12},
            RIGHT | {"kind": "delivery-class", "class": "express"},
        ],
    },
    {
        "rule": "web-tasting",
        "when": {"fact": "channel", "is": "web"},
        "effects": [RIGHT | {"kind": "event-access", "event": "tasting"}],
    },
    {
        "rule": "old-friends",
        "when": {"fact": "days-since-joining", "at-least": 10},
        "effects": [RIGHT | {"kind": "tailored-service"}],
    },
)


async def _publish(connection: AsyncConnection, cause: Cause) -> None:
    drafted = [await draft_rule(connection, cause, rule) for rule in RULES]
    await publish_rules(connection, cause, [(one.rule, one.version) for one in drafted])


async def _grant(connection: AsyncConnection, cause: Cause, whose: Member, until: date) -> None:
    await grant_tier(connection, cause, whose, tier="gold", until=until, reason="complaint")


async def _close(connection: AsyncConnection, cause: Cause, whose: Member) -> None:
    await close_member(connection, cause, whose, reason="left")


def _named(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in items}


async def test_a_member_sees_rights_with_rule_value_dates_and_sentence(
    shop: Shop, admin: Caller
) -> None:
    write, web = shop.web.application.database.write, shop.web
    ada = await web.joined(external_id="C-1")
    await write(_publish, web.cause())
    published = web.cause().at
    today = datetime.fromisoformat((await admin.get("/v1/members/ext:C-1/tier")).json()["on"])
    until = date(today.year + 1, 3, 1)
    await write(_grant, web.cause(), ada, until)

    english = (await admin.get("/v1/members/ext:C-1/entitlements")).json()
    chinese = (
        await web.client.get(
            "/v1/members/ext:C-1/entitlements",
            headers={"Authorization": f"Bearer {admin.key}", "Accept-Language": "zh"},
        )
    ).json()

    held = _named(english["items"])
    assert held.keys() == {"service-response", "delivery-class", "free-returns"}
    express = held["delivery-class"]
    assert (express["rule"], express["version"], express["value"], express["unit"]) == (
        ("gold-rights", 1, "express", None)
    )
    assert datetime.fromisoformat(express["until"]).date() == until
    assert express["sentence"] == f"Express delivery, until February 28, {until.year}."
    assert _named(chinese["items"])["delivery-class"]["sentence"] == (
        f"特快配送，有效至{until.year}年2月28日。"
    )
    free = held["free-returns"]
    assert (free["value"], free["unit"], free["until"]) == (30, "days", None)
    assert free["title"] == {"en": "Members return free", "zh": "会员免费退货"}
    assert datetime.fromisoformat(free["since"]) <= published
    near = _named(english["not_held"])
    assert (near["event-access"]["code"], near["event-access"]["fact"]) == (
        ("depends-on-order", "channel")
    )
    assert near["event-access"]["message"] == "The channel of the order decides."
    assert near["tailored-service"]["unlock"] == "Come back in 10 days."

    wallet = (await admin.get("/v1/members/ext:C-1/wallet")).json()
    assert wallet["entitlements"] == english["items"]


async def test_a_quote_carries_the_rights_of_the_member_with_this_cart(shop: Shop) -> None:
    write, web = shop.web.application.database.write, shop.web
    ada = await web.joined(external_id="C-1")
    await write(_publish, web.cause())
    until = date(web.cause().at.year + 1, 3, 1)
    await write(_grant, web.cause(), ada, until)

    told = _named((await shop.quote(cart(channel="web")))["entitlements"])
    guest = await shop.quote(cart(channel="web"), who=None)

    assert told.keys() == {"service-response", "delivery-class", "free-returns", "event-access"}
    assert datetime.fromisoformat(told["delivery-class"]["until"]).date() == until
    assert told["event-access"]["until"] is None
    assert told["free-returns"]["sentence"] == "Free returns within 30 days."
    assert _named(guest["entitlements"]).keys() == {"event-access"}


async def test_whoever_has_left_is_entitled_to_nothing(shop: Shop, admin: Caller) -> None:
    ada = await shop.web.joined(external_id="C-1")
    await shop.web.application.database.write(_publish, shop.web.cause())
    await shop.web.application.database.write(_close, shop.web.cause(), ada)

    told = (await admin.get("/v1/members/ext:C-1/entitlements")).json()

    assert (told["items"], told["not_held"]) == ([], [])


async def test_a_member_sees_only_their_own(web: Web) -> None:
    ada, bob = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    hers = await web.caller("member", ada.id)

    own = await hers.get("/v1/members/ext:C-1/entitlements")
    other = await hers.get("/v1/members/ext:C-2/entitlements")

    assert bob.id != ada.id
    assert (own.status_code, other.status_code) == (200, 404)
