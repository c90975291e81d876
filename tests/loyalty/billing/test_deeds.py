"""What a member asks of a membership billed by Stripe is done there, once, and seen here."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text

from loyalty.billing import deeds
from loyalty.billing.catalogue import keep_in_step
from loyalty.billing.connecting import Billing
from loyalty.billing.errors import CardRefused, StripeOff, StripeRefused, StripeUnavailable
from loyalty.billing.operations import finish_operations
from loyalty.billing.pages import open_portal
from loyalty.billing.syncing import sync
from loyalty.ids import new_id
from loyalty.membership.asking import NewChange
from loyalty.membership.errors import CancelledAlready, MembershipLive, NothingToUndo, TrialTaken
from loyalty.plans.publishing import archive_price
from tests.loyalty.billing.shop import ASKED_FIRST, Shop, joined, row_of, shop
from tests.support.stripe_double import life, pages
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY, HOUR

__all__ = ["shop"]


async def test_leaving_with_the_period_can_be_asked_for_and_taken_back(shop: Shop) -> None:
    made, row = await joined(shop)
    app = shop.application

    asked = await deeds.cancel_later(app, shop.cause(), row, cancels=True, key="a")
    again = await deeds.cancel_later(app, shop.cause(), row, cancels=True, key="a")
    undone = await deeds.cancel_later(
        app, shop.cause(), asked.applied.membership, cancels=False, key="b"
    )

    assert asked.applied.membership.cancel_at == row.period_end
    assert again.applied.membership.cancel_at == row.period_end
    assert undone.applied.membership.cancel_at is None
    assert made["cancel_at_period_end"] is False
    with pytest.raises(NothingToUndo):
        await deeds.cancel_later(
            app, shop.cause(), undone.applied.membership, cancels=False, key="c"
        )
    with pytest.raises(CancelledAlready):
        await deeds.cancel_later(app, shop.cause(), asked.applied.membership, cancels=True, key="d")


async def test_who_leaves_now_unused_gets_everything_back_once(shop: Shop) -> None:
    made, row = await joined(shop)
    advance(shop.stripe.store, shop.stripe.store.now + 3 * DAY)

    left = await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")
    again = await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")

    assert [(one.net, one.tax) for one in left.due] == [(1_000, 0)]
    assert again.due == left.due
    assert (left.applied.membership.state, made["status"]) == ("ended", "canceled")
    assert left.applied.membership.end_cause == "cancelled-now"
    assert [each["amount"] for each in shop.stripe.store.all("refund")] == [1_000]
    async with shop.application.database.read() as connection:
        refunded = await connection.scalar(
            text("select sum(net + tax) from loyalty.membership_refund")
        )
    assert refunded == 1_000


async def test_a_withdrawal_is_known_as_one(shop: Shop) -> None:
    _, row = await joined(shop)

    left = await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")

    assert left.applied.membership.end_cause == "withdrawn"


async def test_moving_up_now_bills_the_difference_and_a_refused_card_changes_nothing(
    shop: Shop,
) -> None:
    made, row = await joined(shop)
    app, wanted = shop.application, NewChange("yearly", when="now")
    card = life.card_of(shop.stripe.store, made)
    shop.stripe.store.cards[card or ""] = "declined"
    with pytest.raises(CardRefused):
        await deeds.change(app, shop.cause(), row, wanted, key="a")
    with pytest.raises(StripeRefused):
        await deeds.change(app, shop.cause(), row, wanted, key="a")
    assert (await row_of(shop, made)).price == row.price

    shop.stripe.store.cards[card or ""] = "pays"
    changed = await deeds.change(app, shop.cause(), row, wanted, key="b")

    assert changed.applied.membership.price != row.price
    async with app.database.read() as connection:
        reasons = await connection.execute(
            text("select reason, net from loyalty.membership_charge order by paid_at, reason")
        )
        assert [tuple(each) for each in reasons] == [("first", 1_000), ("upgrade", 9_000)]


async def test_moving_down_waits_and_may_be_taken_back(shop: Shop) -> None:
    made, row = await joined(shop)
    app = shop.application

    asked = await deeds.change(app, shop.cause(), row, NewChange("lite"), key="a")
    stays = await deeds.change(
        app, shop.cause(), asked.applied.membership, NewChange("monthly"), key="b"
    )
    assert asked.applied.membership.next_price is not None
    assert stays.applied.membership.next_price is None
    await deeds.change(app, shop.cause(), stays.applied.membership, NewChange("lite"), key="c")
    advance(shop.stripe.store, life.item_of(made)["current_period_end"] + HOUR)
    await sync(app, shop.cause(), made["id"])

    moved = await row_of(shop, made)
    assert moved.price == asked.applied.membership.next_price
    assert moved.next_price is None


async def test_cancelling_takes_a_change_that_was_to_follow_along(shop: Shop) -> None:
    _, row = await joined(shop)
    await deeds.change(shop.application, shop.cause(), row, NewChange("lite"), key="a")

    asked = await deeds.cancel_later(shop.application, shop.cause(), row, cancels=True, key="b")

    assert asked.applied.membership.cancel_at == row.period_end
    assert asked.applied.membership.next_price is None


@pytest.mark.parametrize("calls", [ASKED_FIRST, ASKED_FIRST + 1])
async def test_what_stripe_did_not_answer_is_finished_later_and_done_once(
    shop: Shop, calls: int
) -> None:
    made, row = await joined(shop)
    shop.stripe.double.faults.extend([""] * calls + ["500"] * 3)
    with pytest.raises(StripeUnavailable):
        await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")
    assert made["status"] == ("active" if calls == ASKED_FIRST else "canceled")
    assert list(shop.stripe.store.all("refund")) == []

    later = shop.cause(timedelta(minutes=5))
    assert await finish_operations(shop.application, shop.cause()) == 0
    assert await finish_operations(shop.application, later) == 1
    assert await finish_operations(shop.application, later) == 0

    assert (await row_of(shop, made)).state == "ended"
    assert [each["amount"] for each in shop.stripe.store.all("refund")] == [1_000]


async def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(shop: Shop) -> None:
    made, row = await joined(shop)
    shop.stripe.double.faults.extend(["", "drop"])

    asked = await deeds.cancel_later(shop.application, shop.cause(), row, cancels=True, key="a")

    assert asked.applied.membership.cancel_at is not None
    told = [each["type"] for each in shop.stripe.store.events]
    assert told.count("customer.subscription.updated") == 1
    assert made["cancel_at_period_end"] is True


async def test_a_member_with_a_membership_opens_no_second_page(shop: Shop) -> None:
    ann = await shop.member()
    made = await shop.joined(ann)
    await sync(shop.application, shop.cause(), made["id"])

    with pytest.raises(MembershipLive):
        await shop.opened(ann)
    url = await open_portal(shop.application, ann, "https://shop.test/account")
    assert "/p/session/" in url


@pytest.mark.parametrize("calls", [0, 1, 2])
async def test_a_page_that_could_not_be_opened_is_opened_by_asking_again(
    shop: Shop, calls: int
) -> None:
    ann, checkout = await shop.member(), new_id(shop.at)
    shop.stripe.double.faults.extend([""] * calls + ["500"] * 3)
    for _ in range(2):
        with suppress(StripeUnavailable):
            await shop.opened(ann, checkout=checkout)

    _, page = await shop.opened(ann, checkout=checkout)

    assert len(list(shop.stripe.store.all("customer"))) == 1
    assert list(shop.stripe.store.all("checkout.session")) == [page]


async def test_a_member_has_one_page_to_join_on(shop: Shop) -> None:
    ann = await shop.member()
    _, first = await shop.opened(ann)
    _, second = await shop.opened(ann)
    assert (first["status"], second["status"]) == ("expired", "open")
    made = pages.complete(shop.stripe.store, second)

    with pytest.raises(MembershipLive):
        await shop.opened(ann)

    assert (await row_of(shop, made)).state == "active"


async def test_a_trial_comes_once_for_life(shop: Shop) -> None:
    ann = await shop.member(email="ann@example.com")
    made = await shop.joined(ann, trial=True)
    await sync(shop.application, shop.cause(), made["id"])
    assert (await row_of(shop, made)).state == "trial"
    life.end(shop.stripe.store, made, "cancellation_requested")
    await sync(shop.application, shop.cause(), made["id"])

    with pytest.raises(TrialTaken):
        await shop.opened(ann, trial=True)
    again = await shop.joined(ann)
    assert (await sync(shop.application, shop.cause(), again["id"])).code == "applied"
    assert len(list(shop.stripe.store.all("customer"))) == 1


async def test_prices_are_made_once_and_closed_when_ours_are_archived(shop: Shop) -> None:
    store = shop.stripe.store
    assert len(list(store.all("price"))) == 3
    assert await keep_in_step(shop.application, shop.cause()) == 0

    await shop.application.database.write(archive_price, shop.cause(), "plus", "lite")
    assert await keep_in_step(shop.application, shop.cause()) == 1
    assert await keep_in_step(shop.application, shop.cause()) == 0

    assert [each["active"] for each in store.all("price", unit_amount=600)] == [False]


async def test_the_page_of_a_refused_card_leads_to_nothing(shop: Shop) -> None:
    _, page = await shop.opened(await shop.member())
    store = shop.stripe.store

    for button in ("declined", "authentication"):
        shown, away = pages.page(store, "POST", f"/c/pay/{page['id']}", {"do": button})
        assert away is None
        assert "No money moves" in shown
    _, away = pages.page(store, "POST", f"/c/pay/{page['id']}", {"do": "abandons"})
    assert away == "https://shop.test/plus"
    assert list(store.all("subscription")) == []


def test_without_a_key_stripe_is_off_and_says_so() -> None:
    off = Billing()

    assert off.why_off == "LOYALTY_STRIPE_API_KEY is not set"
    with pytest.raises(StripeOff, match="LOYALTY_STRIPE_API_KEY is not set"):
        off.demand()
