"""A membership through the API, and what the shop's next quote makes of it."""

from datetime import timedelta
from typing import Any

import pytest_asyncio

from loyalty.members import Member
from loyalty.rules import draft_rule, publish_rules
from tests.support.api import Caller, admin, application, checkout, mem, web
from tests.support.shop import EARN_ONE, Json, Shop, cart, opened, shop

__all__ = ["admin", "application", "checkout", "opened", "shop", "web"]

PLAN: Json = {
    "code": "prime",
    "titles": {"en": "Prime", "zh": "尊享会员"},
    "prices": [
        {"code": "monthly", "every": "month", "amount": 990},
        {"code": "yearly", "every": "year", "amount": 9_900},
    ],
    "trial_days": 14,
    "grace_days": 7,
    "bonus_points": 300,
    "tier_floor": "gold",
}
PRIME_SHIPS_FREE: Json = {
    "rule": "prime-free-shipping",
    "titles": {"en": "Prime ships free"},
    "when": {"fact": "plan", "is": "prime"},
    "effects": [{"effect": "free-shipping"}],
}
WANTED = (EARN_ONE, PRIME_SHIPS_FREE)
CONSENT: Json = {"text": "prime-terms", "version": "2026-11"}


@pytest_asyncio.fixture
async def ada(shop: Shop, admin: Caller) -> Member:
    """A member of a shop that sells a plan and ships free to whoever has it."""
    database, cause = shop.web.application.database, shop.web.cause()
    rules = [await database.write(draft_rule, cause, rule) for rule in WANTED]
    await database.write(publish_rules, cause, [(rule.rule, rule.version) for rule in rules])
    made = await admin.post("/v1/plans", PLAN)
    assert made.status_code == 201, made.text
    return await shop.web.joined(external_id="C-1")


async def shipping(shop: Shop) -> int:
    """What shipping costs the member now."""
    quote = await shop.quote(cart(shipping=590))
    total: int = quote["shipping"]["total"]
    return total


def period(shop: Shop, reference: str, *, days: int = 30, ago: int = 0) -> Json:
    """Return a period that was paid when it began."""
    begins = shop.web.application.clock.now() - timedelta(days=ago)
    return {
        "reference": reference,
        "from": begins.isoformat(),
        "until": (begins + timedelta(days=days)).isoformat(),
        "net": 916,
        "tax": 74,
        "currency": "USD",
        "paid_at": begins.isoformat(),
    }


async def test_who_has_the_plan_gets_free_shipping_with_the_next_quote(
    shop: Shop, ada: Member
) -> None:
    assert await shipping(shop) == 590
    body: dict[str, Any] = {
        "member": "ext:C-1",
        "plan": "prime",
        "price": "monthly",
        "reference": "SUB-1",
        "consent": CONSENT,
        "paid": period(shop, "PAY-1"),
    }
    joined = await shop.post("/v1/memberships", body, status=201)
    assert (joined["membership"]["state"], joined["membership"]["access"]) == ("active", True)
    assert await shipping(shop) == 0
    assert (await shop.wallet(ada)).available == 300
    tier = (await shop.caller.get("/v1/members/ext:C-1/tier")).json()
    assert tier["tier"] == "gold"

    placed = await shop.place(cart(shipping=590))
    assert placed["totals"]["payable"] == 1000
    member = await shop.web.caller("member", ada.id)
    again = await member.post("/v1/memberships/ext:SUB-1/undo-cancel", {})
    assert (again.status_code, again.json()["code"]) == (409, "membership-nothing-to-undo")
    ends = await member.post("/v1/memberships/ext:SUB-1/cancel", {"when": "period-end"})
    assert ends.json()["membership"]["state"] == "cancelled"
    assert await shipping(shop) == 0
    ended = await shop.post("/v1/memberships/ext:SUB-1/withdraw", {}, status=200)

    assert ended["membership"]["state"] == "ended"
    assert (ended["due_net"] + ended["due_tax"], ended["due"][0]["days"]) == (956, 29)
    assert await shipping(shop) == 590
    assert (await shop.wallet(ada)).available == 0
    whole = (await shop.caller.get(f"/v1/members/{mem(ada)}/membership")).json()
    causes = [step["cause"] for step in whole["timeline"]]
    assert causes == ["joined", "paid", "cancel-asked", "withdrawn", "bonus-taken-back"]
    await shop.holds()


async def test_a_trial_a_grace_and_a_change_are_seen_from_outside(
    shop: Shop, ada: Member, admin: Caller
) -> None:
    body = {"member": mem(ada), "plan": "prime", "price": "monthly", "reference": "SUB-1"}
    refused = await shop.post("/v1/memberships", {**body, "trial": True}, status=422)
    assert refused["code"] == "membership-consent-missing"
    trial = {**body, "trial": True, "consent": CONSENT}
    assert (await shop.post("/v1/memberships", trial, status=201))["membership"]["state"] == "trial"
    assert await shipping(shop) == 0
    await shop.post("/v1/memberships/ext:SUB-1/cancel", {"when": "now"}, status=200)
    assert await shipping(shop) == 590

    paid = {"paid": period(shop, "PAY-1", days=28, ago=29), "reference": "SUB-2"}
    late = await shop.post("/v1/memberships", {**body, **paid, "consent": CONSENT}, status=201)
    assert (late["membership"]["state"], late["membership"]["access"]) == ("past-due", True)
    assert await shipping(shop) == 0

    mended = await shop.post(
        "/v1/memberships/ext:SUB-2/periods", period(shop, "PAY-2", ago=1), status=200
    )
    assert mended["membership"]["state"] == "active"
    path = "/v1/memberships/ext:SUB-2/change"
    preview = (await shop.caller.get(path, price="yearly")).json()
    assert (preview["price"], preview["amount"] + preview["credit_net"]) == ("yearly", 9_900 - 69)
    later = await shop.post(path, {"price": "yearly", "when": "period-end"}, status=200)
    assert later["membership"]["next_price"] == "yearly"
    unpaid = await shop.post(path, {"price": "yearly", "when": "now"}, status=422)
    assert unpaid["code"] == "membership-not-paid"

    listed = (await admin.get("/v1/memberships", state="active", plan="prime")).json()
    assert [one["reference"] for one in listed["items"]] == ["SUB-2"]
    bob = await shop.web.joined(external_id="C-2")
    stranger = await shop.web.caller("member", bob.id)
    hidden = await stranger.get("/v1/memberships/ext:SUB-2")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "unknown-membership")
    await shop.holds()
