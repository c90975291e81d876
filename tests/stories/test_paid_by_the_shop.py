"""A paid membership that the shop charges for, from joining to its refund, through the API."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest_asyncio

from loyalty.bootstrap import Application
from loyalty.clock import Clock
from loyalty.database import Database
from loyalty.members import Member
from loyalty.membership.upkeep import keep_memberships
from tests.loyalty.membership.building import events
from tests.stories.test_events import publish
from tests.stories.test_savings import SHIPS_FREE
from tests.support.api import application_over
from tests.support.shop import Json, Shop, cart

DAY = timedelta(days=1)
MONTH = 30 * DAY
PRIME: Json = {
    "code": "prime",
    "titles": {"en": "Prime"},
    "prices": [{"code": "monthly", "every": "month", "amount": 990}],
    "grace_days": 7,
    "bonus_points": 300,
    "refund_policy": "pro-rata",
}
HERE = "/v1/memberships/ext:SUB-1"


@pytest_asyncio.fixture
async def application(database: Database) -> Application:
    """An application whose clock can be moved on."""
    clock = Clock(may_follow=True)
    async with database.read() as connection:
        await clock.measure(connection)
    return replace(await application_over(database), clock=clock)


async def moved_on(shop: Shop, days: timedelta) -> Shop:
    """Let days pass since the beginning; keys of that time are over, the jobs have run."""
    shop.web.application.clock.follow(days)
    await keep_memberships(shop.web.application, shop.web.cause())
    return Shop(shop.web, await shop.web.caller("checkout"))


async def seen(shop: Shop) -> tuple[str, bool, int]:
    """Return the member's state, whether it gives access, and what shipping costs them."""
    held = (await shop.caller.get("/v1/members/ext:C-1/membership")).json()["membership"]
    quote = await shop.quote(cart(shipping=590))
    return held["state"], held["access"], quote["shipping"]["total"]


def period(began: datetime, number: int) -> Json:
    """Return the number-th month since the beginning, as it was paid."""
    begins = began + number * MONTH
    return {
        "reference": f"PAY-{number}",
        "from": begins.isoformat(),
        "until": (begins + MONTH).isoformat(),
        "net": 916,
        "tax": 74,
        "currency": "USD",
    }


async def joined(shop: Shop) -> tuple[Member, datetime]:
    """Open a plan with a rule and a partner's code, let C-1 join it; answer who and since when."""
    await on_offer(shop)
    ada = await shop.web.joined(external_id="C-1")
    began = shop.web.application.clock.now()
    await shop.post("/v1/memberships", joining(began), status=201)
    return ada, began


async def books(shop: Shop, began: datetime) -> tuple[Json, Json, int]:
    """Return the plan's figures since it began, what its fees moved, and what is left of them."""
    admin = await shop.web.caller("admin")
    after = (shop.web.application.clock.now() + DAY).replace(day=1) + 32 * DAY
    months = {"from": f"{began - DAY:%Y-%m}-01", "to": f"{after:%Y-%m}-01"}
    figures = (await admin.get("/v1/plans/prime/figures", **months)).json()
    rolled = (await admin.get("/v1/finance/fees/roll-forward", **months)).json()["months"]
    sums = {name: sum(one[name] for one in rolled) for name in ("billed", "refunded")}
    return figures, sums, rolled[-1]["closing"]


async def on_offer(shop: Shop) -> None:
    """Offer the plan, what it gives at checkout, and a partner's benefit with one code."""
    admin = await shop.web.caller("admin")
    assert (await admin.post("/v1/plans", PRIME)).status_code == 201
    await publish(admin, SHIPS_FREE)
    music = {"code": "music", "titles": {"en": "Music"}, "at_end": "void"}
    path = "/v1/plans/prime/partner-benefits"
    assert (await admin.post(path, music)).status_code == 201
    assert (await admin.post(f"{path}/music/codes", {"codes": ["M-1"]})).json()["added"] == 1


def joining(began: datetime) -> dict[str, Any]:
    """Return what the shop reports of a member who paid for a first month."""
    return {
        "member": "ext:C-1",
        "plan": "prime",
        "price": "monthly",
        "reference": "SUB-1",
        "consent": {"text": "prime-terms", "version": "1"},
        "paid": period(began, 0),
    }


async def test_the_whole_life_of_a_membership_without_stripe(shop: Shop) -> None:
    ada, began = await joined(shop)
    assert await seen(shop) == ("active", True, 0)
    wallet = (await shop.caller.get("/v1/members/ext:C-1/wallet")).json()
    member = await shop.web.caller("member", ada.id)
    code = (await member.post(f"{HERE}/partner-benefits/music", {})).json()
    assert (wallet["available"], code["code"]) == (300, "M-1")

    shop = await moved_on(await moved_on(shop, MONTH - 5 * DAY), MONTH)
    await shop.post(f"{HERE}/periods", period(began, 1), status=200)
    assert await seen(shop) == ("active", True, 0)

    shop = await moved_on(shop, 2 * MONTH + DAY)
    await shop.post(f"{HERE}/payment-failures", {}, status=200)
    assert await seen(shop) == ("past-due", True, 0)
    shop = await moved_on(shop, 2 * MONTH + 2 * DAY)
    await shop.post(f"{HERE}/periods", period(began, 2), status=200)
    assert await seen(shop) == ("active", True, 0)

    shop = await moved_on(shop, 2 * MONTH + 10 * DAY)
    leaving = {"when": "now", "reason": "too-expensive"}
    ended = await shop.post(f"{HERE}/cancel", leaving, status=200)
    assert await seen(shop) == ("ended", False, 590)
    (due,) = ended["due"]
    assert (due["charge"], due["of_days"]) == ("PAY-2", 30)
    assert due["days"] in {18, 19}  # midnight may have come since
    back = {"reference": "R-1", "charge": "PAY-2", "reason": "left"}
    given = {**back, "amount": ended["due_net"] + ended["due_tax"]}
    await shop.post(f"{HERE}/refunds", given, status=200)

    whole = (await shop.caller.get(HERE)).json()
    assert [step["cause"] for step in whole["timeline"]] == [
        "joined", "paid", "renewed", "payment-failed", "mended", "cancelled-now", "reason-given",
        "refunded",
    ]  # fmt: skip
    offers = (await shop.caller.get(f"{HERE}/partner-benefits")).json()["items"]
    assert offers[0]["codes"][0]["voided_at"] is not None
    gone = [one["refunded_net"] + one["refunded_tax"] for one in whole["charges"]]
    assert gone == [0, 0, given["amount"]]
    async with shop.web.application.database.read() as connection:
        told = [type_.partition(".")[2] for type_ in await events(connection, ada)]
    assert told == [
        "began", "renewal-ahead", "renewed", "payment-failed", "mended", "ended", "reason-given",
        "refunded",
    ]  # fmt: skip
    figures, moved, left = await books(shop, began)
    assert figures["reasons"] == {"too-expensive": 1}
    assert (moved, left) == ({"billed": 3 * 916, "refunded": whole["refunds"][0]["net"]}, 0)
    await shop.holds()
