"""What goes wrong with one subscription is told and stops nobody else; trials are trials here."""

from datetime import timedelta

from sqlalchemy import text

from loyalty.billing.arriving import take_in
from loyalty.billing.inbox import BROKEN, handle_events, list_events
from loyalty.billing.syncing import sync
from loyalty.billing.upkeep import compare_with_stripe, last_comparison
from loyalty.membership.states import standing_of
from loyalty.membership.upkeep import foretell_batch
from loyalty.plans.store import find_plan
from tests.loyalty.billing.shop import Shop, shop
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY, HOUR, Object

__all__ = ["shop"]


def make_unreadable(shop: Shop, made: Object) -> None:
    """Let Stripe say of a subscription's invoices what nobody foresaw."""
    for owed in shop.stripe.store.all("invoice"):
        if owed["parent"]["subscription_details"]["subscription"] == made["id"]:
            owed["lines"]["data"] = []


async def test_what_nobody_foresaw_stops_neither_the_inbox_nor_the_comparison(shop: Shop) -> None:
    bad = await shop.joined(await shop.member())
    good = await shop.joined(await shop.member())
    for hint in shop.hints():
        await shop.application.database.write(take_in, hint, at=shop.at)
    make_unreadable(shop, bad)

    settled = await handle_events(shop.application, shop.cause())
    drifted = await compare_with_stripe(shop.application, shop.cause())

    assert (settled, drifted) == (3, 1)
    assert await shop.membership(good["id"]) is not None
    async with shop.application.database.read() as connection:
        waiting = await list_events(connection, state="waiting", before=None, limit=9)
        assert await last_comparison(connection) is not None
    assert {(one.outcome, one.attempts) for one in waiting} == {(BROKEN, 1)}


async def test_a_trial_at_stripe_is_a_trial_here_and_its_end_is_foretold(shop: Shop) -> None:
    made = await shop.joined(await shop.member(), trial=True)
    await sync(shop.application, shop.cause(), made["id"])
    row = await shop.membership(made["id"])
    assert row is not None
    assert row.trial_ends_at is not None
    async with shop.application.database.read() as connection:
        plan = await find_plan(connection, row.plan)

    shop.stripe.store.now = made["trial_end"] - DAY
    await shop.application.database.write(foretell_batch, shop.cause())
    async with shop.application.database.read() as connection:
        told = await connection.scalars(
            text("select type from loyalty.event where type like 'membership.%' order by sequence")
        )

    assert standing_of(row, plan, shop.at).state == "trial"
    assert row.access_until == row.trial_ends_at + plan.margin
    assert list(told) == ["membership.began", "membership.trial-ending"]

    advance(shop.stripe.store, made["trial_end"] + 2 * HOUR)
    await sync(shop.application, shop.cause(), made["id"])
    paid = await shop.membership(made["id"])
    assert paid is not None
    assert (paid.state, paid.period_start) == ("active", row.trial_ends_at)
    assert standing_of(paid, plan, shop.at + timedelta(days=1)).state == "active"
