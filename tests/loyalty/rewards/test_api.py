"""The catalogue through the API: from a draft to what a member holds in their hands, and back."""

from typing import Any

import pytest_asyncio

from loyalty.members import Member
from tests.support.api import Caller, Web, admin, application, checkout, finance, mem, web
from tests.support.shop import Shop, shop

__all__ = ["admin", "application", "checkout", "finance", "shop", "web"]

MUG: dict[str, Any] = {
    "code": "mug",
    "kind": "goods",
    "terms": {"titles": {"en": "Mug", "zh": "马克杯"}, "points": 400, "regular": 900, "sku": "M-1"},
}


@pytest_asyncio.fixture
async def ada(shop: Shop) -> Member:
    """A member with a thousand points."""
    whose = await shop.web.joined(external_id="C-1")
    await shop.give(whose, 1_000)
    return whose


async def said(answer: Any, status: int) -> dict[str, Any]:
    """Return the content of an answer with this status."""
    assert answer.status_code == status, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def test_a_reward_goes_from_a_draft_to_a_member_and_back(
    shop: Shop, ada: Member, admin: Caller, finance: Caller, web: Web
) -> None:
    drafted = await said(await admin.post("/v1/rewards", MUG), 201)
    assert (drafted["state"], drafted["draft"]["needs_finance"]) == ("draft", True)
    refused = await said(await admin.post("/v1/rewards/mug/publish", {}), 409)
    assert refused["code"] == "reward-tax-class-not-chosen"
    await said(await finance.post("/v1/rewards/mug/tax-class", {"tax_class": "multi-purpose"}), 200)
    await said(await admin.post("/v1/rewards/mug/publish", {"after": 0}), 200)
    delivery = {"amount": 2, "reason": "delivery", "reference": "DN-1"}
    await said(await admin.post("/v1/rewards/mug/stock", delivery), 201)

    (offer,) = (await said(await shop.caller.get("/v1/members/ext:C-1/rewards"), 200))["items"]
    assert (offer["stock"], offer["left"], offer["can_order"]) == ("few-left", 2, True)

    member = await web.caller("member", ada.id)
    body = {"reward": "mug", "quantity": 2, "order_id": "R-1", "version": 1}
    ordered = await said(await member.post(f"/v1/members/{mem(ada)}/reward-orders", body), 201)
    figures = ("points", "money", "regular", "points_value", "taxable", "tax_class", "state")
    assert [ordered[name] for name in figures] == [
        800, 0, 1800, 800, 800, "multi-purpose", "ordered",
    ]  # fmt: skip
    assert ordered["order_id"] is None  # what is kept as an answer carries no name of the shop's
    assert (await shop.wallet(ada)).available == 200
    again = {**body, "quantity": 1, "order_id": None}
    gone = await said(await shop.caller.post("/v1/members/ext:C-1/reward-orders", again), 409)
    assert (gone["code"], gone["facts"]) == ("reward-sold-out", {"seen": 0, "wanted": 1})

    path = "/v1/reward-orders/ext:R-1"
    (listed,) = (await said(await admin.get("/v1/reward-orders", state="ordered"), 200))["items"]
    assert listed == await said(await member.get(path), 200)
    assert listed["order_id"] == "R-1"
    await said(await shop.caller.post(f"{path}/fulfil", {"reference": "DN-9"}), 200)
    cancelled = await said(await shop.caller.post(f"{path}/cancel", {"reason": "broken"}), 200)
    assert (cancelled["state"], cancelled["reference"]) == ("cancelled", "DN-9")
    assert (await shop.wallet(ada)).available == 1_000
    assert (await said(await admin.get("/v1/rewards/mug"), 200))["left"] == 2
    await shop.holds()
