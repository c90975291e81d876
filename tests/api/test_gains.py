"""Assets as tier metrics: every earn counts, what is taken back counts no more, history too."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.filling import fill_gains
from loyalty.ladders import publish_ladder
from loyalty.members import Member, find_member, read_member_ref
from loyalty.policy import policy_at
from loyalty.reviews import catch_up_batch
from tests.support.api import Caller
from tests.support.shop import Shop, cart, line

STARS = {
    "names": {"en": "stars", "zh": "星"},
    "expiry": {"kind": "after-months", "months": 1, "notice": False},
}
REVIEW: dict[str, Any] = {
    "rule": "review",
    "on": "review-written",
    "effects": [{"effect": "earn", "bonus": 30}],
}
LADDER: dict[str, Any] = {
    "tiers": [
        {"code": "standard", "name": {"en": "Standard"}},
        {
            "code": "silver",
            "name": {"en": "Silver"},
            "reach": {"any": {"asset:points": 40, "asset:stars": 50}},
        },
        {
            "code": "gold",
            "name": {"en": "Gold"},
            "reach": {"any": {"asset:points": 1_000, "asset:stars": 500}},
        },
        {
            "code": "diamond",
            "name": {"en": "Diamond"},
            "reach": {"any": {"asset:points": 10_000, "asset:stars": 5_000}},
        },
    ],
    "window": {"kind": "rolling-months", "length": 12},
    "validity": {"unit": "months", "length": 12},
    "minimum_order": 1,
    "downgrade": "one-step",
    "grace_days": 0,
}


async def _publish(connection: AsyncConnection, cause: Cause) -> None:
    await publish_ladder(connection, cause, LADDER, moves="at-once")


async def _catch_up(connection: AsyncConnection, cause: Cause) -> None:
    await catch_up_batch(connection, cause, after=None)


async def _fill(connection: AsyncConnection, cause: Cause) -> int:
    ladder = await tiers.live_ladder(connection)
    assert ladder is not None
    return await fill_gains(connection, await policy_at(connection, cause.at), ladder)


async def gains(shop: Shop) -> list[tuple[str, int, int]]:
    """Return what counts of C-1's assets: code, amount, taken back."""
    async with shop.web.application.database.read() as connection:
        whose: Member = await find_member(connection, read_member_ref("ext:C-1"))
        found = await tiers.find_subjects(connection, {whose.id: whose.joined_at.date()})
    counted = [one for one in found[whose.id].activities if one.asset is not None]
    return sorted((one.asset or "", one.purchases, one.returned) for one in counted)


async def tier(admin: Caller) -> str:
    """Return the tier of C-1."""
    told: dict[str, Any] = (await admin.get("/v1/members/ext:C-1/tier")).json()
    return str(told["tier"])


async def adjust(admin: Caller, amount: int, asset: str = "stars") -> None:
    """Give or take by hand."""
    body = {"points": amount, "reason": "goodwill", "asset": asset}
    answered = await admin.post("/v1/members/ext:C-1/adjustments", body)
    assert answered.status_code == 201, answered.text


async def test_what_an_asset_earns_counts_as_it_is_earned_and_taken_back(
    shop: Shop, admin: Caller
) -> None:
    write, cause = shop.web.application.database.write, shop.web.cause
    await shop.policy(assets={"stars": STARS})
    await write(_publish, cause())
    await shop.web.joined(external_id="C-1")

    await shop.buy(cart(line(quantity=4, unit_price=1200)), "S-1")

    assert await gains(shop) == [("points", 48, 0)]
    assert await tier(admin) == "silver"

    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 3}], reason="damaged")

    assert await gains(shop) == [("points", 48, 36)]
    assert await tier(admin) == "standard"

    await adjust(admin, 30)
    await adjust(admin, 40)
    assert await tier(admin) == "silver"
    await adjust(admin, -35)

    assert await gains(shop) == [("points", 48, 36), ("stars", 30, 30), ("stars", 40, 5)]
    assert await tier(admin) == "standard"
    changes = (await admin.get("/v1/members/ext:C-1/tier")).json()["history"]
    assert [change["rule"] for change in changes][:2] == ["returned", "reached"]
    assert await write(_fill, cause()) == 0
    assert await tier(admin) == "standard"
    await shop.holds()


async def test_a_ladder_that_first_names_an_asset_counts_what_it_earned_before(
    shop: Shop, admin: Caller
) -> None:
    write, cause = shop.web.application.database.write, shop.web.cause
    await shop.policy(assets={"stars": STARS})
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line(quantity=4, unit_price=1200)), "S-1")
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}], reason="damaged")
    await shop.buy(cart(line(quantity=2, unit_price=1000)), "S-2")
    await adjust(admin, 30)
    await adjust(admin, 40)
    await adjust(admin, -35)
    assert await gains(shop) == []

    await write(_publish, cause())
    await write(_catch_up, cause())

    told = [("points", 20, 0), ("points", 48, 12), ("stars", 30, 30), ("stars", 40, 5)]
    assert await gains(shop) == told
    assert await tier(admin) == "silver"

    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}], reason="damaged")
    await shop.give_back("S-2", lines=[{"line_id": "1", "quantity": 1}], reason="damaged")

    told = [("points", 20, 10), ("points", 48, 24), ("stars", 30, 30), ("stars", 40, 5)]
    assert await gains(shop) == told
    assert await write(_fill, cause()) == 0
    await shop.holds()


async def test_what_an_event_earns_counts_once_like_what_an_order_earns(
    shop: Shop, admin: Caller
) -> None:
    write, cause = shop.web.application.database.write, shop.web.cause
    await write(_publish, cause())
    await shop.web.joined(external_id="C-1")
    draft = await admin.post("/v1/rule-drafts", {"rules": [REVIEW]})
    await admin.post(f"/v1/rule-drafts/{draft.json()['id']}/publish", {})
    written = {"kind": "review-written", "member": "ext:C-1"}

    for name in ("E-1", "E-1", "E-2"):
        await shop.post("/v1/events", written | {"event_id": name}, status=201)

    assert await gains(shop) == [("points", 30, 0), ("points", 30, 0)]
    assert await tier(admin) == "silver"
    assert await write(_fill, cause()) == 0
    await shop.holds()


async def test_a_preview_counts_what_an_asset_of_the_draft_earned(
    shop: Shop, admin: Caller
) -> None:
    await shop.web.joined(external_id="C-1")
    await shop.buy(cart(line(quantity=4, unit_price=1200)), "S-1")

    draft = (await admin.post("/v1/ladders/drafts", LADDER)).json()
    seen = await admin.post(f"/v1/ladders/drafts/{draft['id']}/previews", {})

    assert seen.status_code == 201, seen.text
    assert '"silver"' in seen.text
    assert await tier(admin) == "standard"
