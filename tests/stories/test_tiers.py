"""What tiers cost an order, and that what makes no sense is refused by name and changes nothing."""

from datetime import timedelta
from typing import Any

import pytest

import tiers
from tests.stories.test_statements import counting
from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart, line

STANDARD, SILVER = {"code": "standard"}, {"code": "silver", "reach": {"any": {"purchases": 10}}}
GOLD = {"code": "gold", "reach": {"any": {"purchases": 20}}}
BASE = tiers.default_ladder(silver=(1, 1), gold=(2, 2), diamond=(3, 3))
BAD: dict[str, dict[str, Any]] = {
    "ladder-unordered": {"tiers": [STANDARD, GOLD, SILVER]},
    "ladder-without-bottom": {"tiers": [SILVER, GOLD]},
    "ladder-tier-repeated": {"tiers": [STANDARD, SILVER, SILVER]},
    "ladder-tier-unreachable": {"tiers": [STANDARD, SILVER, GOLD | {"reach": SILVER["reach"]}]},
    "ladder-metric-unknown": {
        "tiers": [STANDARD, {"code": "silver", "reach": {"any": {"visits": 3}}}]
    },
    "ladder-keep-harder": {"tiers": [STANDARD, SILVER | {"keep": {"any": {"purchases": 11}}}]},
    "ladder-validity-unfit": {"window": {"kind": "year"}},
    "ladder-malformed": {"grace_days": -1},
}


async def everything(admin: Caller) -> Any:
    """What could have changed: the ladders, a member's tier and its history."""
    ladders = (await admin.get("/v1/ladders")).json()
    return ladders, (await admin.get("/v1/members/ext:C-1/tier")).json()


async def test_what_makes_no_sense_is_refused_by_name_and_changes_nothing(
    shop: Shop, web: Web, admin: Caller
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 1, 1000)), "S-0")
    await shop.place(cart(line("1", 1, 1000)), "S-9")
    before = await everything(admin)
    soon = (web.application.clock.now() + timedelta(hours=1)).isoformat()
    grants = "/v1/members/ext:C-1/tier/grants"
    until = (web.application.clock.now() + timedelta(days=90)).date().isoformat()

    for code, change in BAD.items():
        refused = await admin.post("/v1/ladders", BASE | change)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    late = await admin.post("/v1/orders/ext:S-9/complete", {"shipment": "P", "completed_at": soon})
    assert (late.status_code, late.json()["code"]) == (422, "instant-out-of-order")
    for body, code in (
        ({"tier": "gold", "reason": "goodwill"}, "floor-without-end"),
        ({"tier": "gold", "until": until}, "reason-malformed"),
        ({"tier": "iron", "until": until, "reason": "goodwill"}, "tier-unknown"),
    ):
        refused = await admin.post(grants, body)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text

    assert await everything(admin) == before


async def test_deciding_a_tier_adds_one_statement_to_completing_an_order(
    shop: Shop, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 1, 1000)), "S-0")
    await shop.place(cart(line("1", 1, 1000)))

    with counting(monkeypatch) as seen:
        await shop.complete()

    only = [each for each in seen if "tiers." in each and "loyalty." not in each]
    assert len(only) == 1, only
    assert "tiers.standing_change" in only[0]
