"""Points that lapse with inactivity: what counts as activity keeps all of them alive."""

from datetime import UTC, datetime, timedelta
from typing import Any

import ledger
from loyalty.members import Member
from tests.support.api import Caller, Web
from tests.support.shop import Shop, cart, line

IDLE = {"kind": "rolling", "months": 6, "notice": False}


def expiry(*activities: str, **sources: Any) -> dict[str, Any]:
    return {"default": IDLE, "sources": sources, "by_time": True, "activities": list(activities)}


async def ends(web: Web, whose: Member) -> set[tuple[str, datetime | None]]:
    at = web.application.clock.now()
    async with web.application.database.read() as connection:
        lots = await ledger.lots(connection, whose.holder, at=at)
    return {(lot.source, lot.expires_at) for lot in lots}


def end_of(day: datetime, months: int = 6) -> datetime:
    """The midnight after the same day so many months later; days up to the 28th."""
    year, month = divmod(day.month - 1 + months, 12)
    last = datetime(day.year + year, month + 1, day.day, tzinfo=UTC)
    return last + timedelta(days=1)


def days_ago(web: Web, days: int) -> datetime:
    """The first of a month, some time ago."""
    at = web.application.clock.now() - timedelta(days=days)
    return at.replace(day=1, hour=12, minute=0, second=0, microsecond=0)


async def test_a_purchase_keeps_earlier_points_alive_in_the_same_transaction(
    shop: Shop, web: Web
) -> None:
    await shop.policy(expiry=expiry("purchase"))
    ada = await web.joined(external_id="C-1", joined_at=datetime(2020, 1, 1, tzinfo=UTC))
    first, second = days_ago(web, 100), days_ago(web, 40)

    await shop.place(cart(line(unit_price=3_000)), "S-1", placed_at=first.isoformat())
    await shop.complete("S-1", completed_at=first.isoformat())
    before = await ends(web, ada)
    await shop.place(cart(line(unit_price=200)), "S-2", placed_at=second.isoformat())
    await shop.complete("S-2", completed_at=second.isoformat())

    assert before == {("order", end_of(first))}
    assert await ends(web, ada) == {("order", end_of(second))}
    await shop.holds()


async def test_an_activity_told_late_never_shortens_what_a_later_one_gave(
    shop: Shop, web: Web
) -> None:
    await shop.policy(expiry=expiry("purchase"))
    ada = await web.joined(external_id="C-1", joined_at=datetime(2020, 1, 1, tzinfo=UTC))
    first, second = days_ago(web, 100), days_ago(web, 40)
    for name, at in (("S-2", second), ("S-1", first)):
        await shop.place(cart(line(unit_price=3_000)), name, placed_at=at.isoformat())
        await shop.complete(name, completed_at=at.isoformat())

    assert ("order", end_of(second)) in await ends(web, ada)
    await shop.holds()


async def test_only_what_the_policy_counts_is_activity(shop: Shop, web: Web, admin: Caller) -> None:
    bonus = {"kind": "after-days", "days": 10, "notice": False}
    await shop.policy(expiry=expiry("spend", adjustment=bonus))
    ada = await web.joined(external_id="C-1", joined_at=datetime(2020, 1, 1, tzinfo=UTC))
    first, second = days_ago(web, 100), days_ago(web, 40)
    for name, at in (("S-1", first), ("S-2", second)):
        await shop.place(cart(line(unit_price=3_000)), name, placed_at=at.isoformat())
        await shop.complete(name, completed_at=at.isoformat())
    idle = await ends(web, ada)

    await shop.buy(cart(line(unit_price=3_000), points_to_spend=10), "S-3")

    today = web.application.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert idle == {("order", end_of(first)), ("order", end_of(second))}
    if today.day <= 28:
        assert await ends(web, ada) == {("order", end_of(today))}
    given = await admin.post("/v1/members/ext:C-1/adjustments", {"points": 5, "reason": "goodwill"})
    assert given.status_code == 201
    assert ("adjustment", today + timedelta(days=11)) in await ends(web, ada)
    await shop.holds()
