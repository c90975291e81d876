"""The catalogue through the API: from a draft to what a member holds in their hands, and back."""

from typing import Any

import pytest
import pytest_asyncio

from loyalty.members import Member
from loyalty.rewards.types import Kind
from tests.loyalty.rewards.building import offered
from tests.stories.test_statements import MOST, counting
from tests.support.api import Caller, Web, admin, application, checkout, finance, mem, web
from tests.support.shop import Shop, opened, shop

__all__ = ["admin", "application", "checkout", "finance", "opened", "shop", "web"]

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


async def test_an_order_costs_at_most_six_statements_a_voucher_included(
    shop: Shop, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.give(ada, 5_000)
    database = shop.web.application.database
    limits = [{"per": who, "every": "day", "quantity": 9} for who in ("member", "all")]
    await database.write(offered, limits=limits)
    await database.write(offered, "five", Kind.VOUCHER, limits=limits)
    path = "/v1/members/ext:C-1/reward-orders"
    counts: dict[str, int] = {}
    for reward in ("mug", "five"):
        # what is read once in a process has been read
        await shop.post(path, {"reward": reward}, status=201)
        with counting(monkeypatch) as seen:
            await shop.post(path, {"reward": reward, "order_id": f"R-{reward}"}, status=201)
        counts[reward] = len(seen)

    assert counts == {"mug": MOST - 1, "five": MOST}
    await shop.holds()


async def test_a_member_sees_and_orders_for_themselves_alone(
    shop: Shop, ada: Member, web: Web, admin: Caller
) -> None:
    await shop.give(ada, 1_000)
    await web.application.database.write(offered)
    bob = await web.joined(external_id="C-2")
    theirs = await web.caller("member", bob.id)
    placed = await shop.post("/v1/members/ext:C-1/reward-orders", {"reward": "mug"}, status=201)

    for answer in (
        await theirs.post(f"/v1/members/{mem(ada)}/reward-orders", {"reward": "mug"}),
        await theirs.get(f"/v1/members/{mem(ada)}/reward-orders"),
        await theirs.get(f"/v1/members/{mem(ada)}/rewards"),
    ):
        assert (await said(answer, 404))["code"] == "unknown-member"
    hidden = await theirs.get(f"/v1/reward-orders/{placed['order']}")
    assert (await said(hidden, 404))["code"] == "unknown-reward-order"
    assert (await said(await admin.get("/v1/rewards/mug"), 200))["taken"] == 1


async def test_the_same_key_answers_the_first_receipt_and_other_content_is_refused(
    shop: Shop, ada: Member
) -> None:
    await shop.give(ada, 1_000)
    await shop.web.application.database.write(offered)
    path, body = "/v1/members/ext:C-1/reward-orders", {"reward": "mug"}

    first = await shop.caller.post(path, body, key="R-1")
    again = await shop.caller.post(path, body, key="R-1")
    other = await shop.caller.post(path, {**body, "quantity": 2}, key="R-1")

    assert first.status_code == 201
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await said(other, 422))["code"] == "idempotency-key-reused"
    assert (await shop.wallet(ada)).available == 1_600


async def test_refusals_of_terms_point_into_the_body(admin: Caller) -> None:
    bad = {**MUG["terms"], "when": {"fact": "subtotal", "at-least": 1}}
    told = await said(await admin.post("/v1/rewards", {**MUG, "terms": bad}), 422)
    assert (told["code"], told["errors"][0]["pointer"]) == ("rule-unknown-fact", "/terms/when/fact")
    bad = {**MUG["terms"], "money": 100, "tax": 200}
    told = await said(await admin.post("/v1/rewards", {**MUG, "terms": bad}), 422)
    assert (told["code"], told["errors"][0]["pointer"]) == ("reward-malformed", "/terms/tax")
