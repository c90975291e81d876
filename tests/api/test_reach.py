"""What a member could get, over HTTP: now, near, and with the tiers ahead, in one statement."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members import Member, close_member
from loyalty.rules import draft_rule, publish_rules
from tests.stories.test_statements import counting
from tests.support.api import Caller, Web
from tests.support.shop import RULES, Json, Shop

MORE: tuple[Json, ...] = (
    {
        "rule": "diamond-gift",
        "titles": {"en": "A mug", "zh": "马克杯"},
        "when": {"fact": "tier", "is": "diamond"},
        "effects": [{"effect": "gift", "sku": "MUG"}],
    },
    {
        "rule": "old-friends",
        "when": {"fact": "days-since-joining", "at-least": 10},
        "effects": [{"effect": "free-shipping"}],
    },
)


async def _publish(connection: AsyncConnection, cause: Cause) -> None:
    drafted = [await draft_rule(connection, cause, rule) for rule in (*RULES, *MORE)]
    await publish_rules(connection, cause, [(one.rule, one.version) for one in drafted])


async def _close(connection: AsyncConnection, cause: Cause, whose: Member) -> None:
    await close_member(connection, cause, whose, reason="left")


async def read(caller: Caller, **headers: str) -> Any:
    """Read what C-1 could get."""
    caller.headers = headers
    answered = await caller.get("/v1/members/ext:C-1/benefits")
    assert answered.status_code == 200, answered.text
    return answered.json()


async def test_a_member_sees_what_they_could_get_and_what_the_tiers_ahead_would_add(
    shop: Shop, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.web.application.database.write(_publish, shop.web.cause())
    await shop.web.joined(external_id="C-1")
    await read(admin)

    with counting(monkeypatch) as seen:
        told = await read(admin)
    chinese = await read(admin, **{"Accept-Language": "zh"})

    assert [(one["rule"], one["needs"]) for one in told["items"]] == [
        ("base-earn", None),
        ("card-price", None),
        ("spend-50", "the subtotal is at least 50.00 USD"),
    ]
    assert told["items"][2]["sentence"] == (
        "10% off the order when the subtotal is at least 50.00 USD."
    )
    assert chinese["items"][2]["needs"] == "商品小计不低于50.00 USD"
    assert (told["tier"], told["left_off"]) == ("standard", 0)
    assert [(one["rule"], one["unlock"]) for one in told["near"]] == [
        ("old-friends", "Come back in 10 days.")
    ]
    ahead = {one["code"]: [each["rule"] for each in one["adds"]] for one in told["would_add"]}
    assert ahead == {
        "silver": [],
        "gold": ["gold-free-shipping", "gold-twice"],
        "diamond": ["diamond-gift"],
    }
    assert [one["by"] for one in told["would_add"]] == ["tier"] * 3
    assert [one["name"] for one in chinese["would_add"]] != list(ahead)
    assert len(seen) == 3, seen  # who asks, whom they ask about, and the snapshot


async def test_whoever_has_left_can_get_nothing_and_others_do_not_exist_for_a_member(
    shop: Shop, web: Web, admin: Caller
) -> None:
    ada, bob = await web.joined(external_id="C-1"), await web.joined(external_id="C-2")
    his = await web.caller("member", bob.id)
    own = await his.get("/v1/members/ext:C-2/benefits")
    other = await his.get("/v1/members/ext:C-1/benefits")
    await web.application.database.write(_close, web.cause(), ada)

    told = await read(admin)

    assert (own.status_code, other.status_code) == (200, 404)
    assert len(own.json()["items"]) == 3
    assert (told["items"], told["near"], told["would_add"]) == ([], [], [])
