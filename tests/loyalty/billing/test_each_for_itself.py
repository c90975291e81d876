"""One payment, operation or subscription that cannot be had keeps none of the others waiting."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import deeds
from loyalty.billing.catalogue import keep_in_step
from loyalty.billing.errors import StripeRefused, StripeUnavailable
from loyalty.billing.operations import PATIENCE, finish_operations
from loyalty.billing.refunding import NO_PAYMENT
from loyalty.billing.syncing import sync
from loyalty.billing.upkeep import LOOKED_AFTER, compare_with_stripe, last_comparison
from loyalty.membership.asking import NewChange
from loyalty.plans.publishing import open_plan
from tests.loyalty.billing.shop import ASKED_FIRST, PLAN, Shop, joined, row_of, shop
from tests.support.stripe_double import life
from tests.support.stripe_double.store import DAY

__all__ = ["shop"]


def given_back(shop: Shop) -> list[int]:
    """Return what Stripe gave back."""
    return [each["amount"] for each in shop.stripe.store.all("refund")]


async def test_a_refund_that_is_refused_keeps_no_other_back_and_it_ends_all_the_same(
    shop: Shop,
) -> None:
    made, row = await joined(shop)
    wanted = NewChange("yearly", when="now")
    changed = await deeds.change(shop.application, shop.cause(), row, wanted, key="a")
    first, second = shop.stripe.store.all("charge")
    first["amount_refunded"] = first["amount"]  # by somebody at Stripe, of which we know nothing

    with pytest.raises(StripeRefused):
        await deeds.leave(
            shop.application, shop.cause(), changed.applied.membership, "withdrawn", key="b"
        )

    assert given_back(shop) == [second["amount"]]
    assert made["status"] == "canceled"
    assert (await row_of(shop, made)).end_cause == "withdrawn"


async def test_what_no_payment_at_stripe_paid_is_told_and_it_ends_all_the_same(shop: Shop) -> None:
    made, row = await joined(shop)
    for paid in shop.stripe.store.all("invoice_payment"):
        paid["status"] = "canceled"

    with pytest.raises(StripeRefused, match=NO_PAYMENT):
        await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")

    assert given_back(shop) == []
    assert (made["status"], (await row_of(shop, made)).state) == ("canceled", "ended")


async def test_an_operation_that_is_not_answered_keeps_no_other_waiting(shop: Shop) -> None:
    waiting = [await joined(shop) for _ in range(2)]
    for made, row in waiting:
        shop.stripe.double.faults.extend([*[""] * ASKED_FIRST, *["500"] * 3])
        with suppress(StripeUnavailable):
            await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")
        assert made["status"] == "active"
    shop.stripe.double.faults.extend(["500"] * 3)

    later = shop.cause(2 * PATIENCE)
    assert await finish_operations(shop.application, later) == 1
    assert await finish_operations(shop.application, later) == 1

    assert [made["status"] for made, _ in waiting] == ["canceled", "canceled"]
    assert given_back(shop) == [1_000, 1_000]


async def test_a_subscription_that_cannot_be_had_keeps_no_other_from_being_compared(
    shop: Shop,
) -> None:
    made = [await shop.joined(await shop.member()) for _ in range(2)]
    shop.stripe.double.faults.extend(["", *["500"] * 3])

    assert await compare_with_stripe(shop.application, shop.cause()) == 1

    found = [await shop.membership(each["id"]) for each in made]
    assert sum(each is not None for each in found) == 1
    async with shop.application.database.read() as connection:
        last = await last_comparison(connection)
    assert last is not None
    assert (last[1].compared, last[1].repaired) == (1, 1)


async def test_what_ended_long_ago_is_not_asked_about_every_night(shop: Shop) -> None:
    (over, _), (unheard, _) = [await joined(shop) for _ in range(2)]
    for made in (over, unheard):
        life.end(shop.stripe.store, made, "cancellation_requested")
    await sync(shop.application, shop.cause(), over["id"])
    before = len(shop.stripe.double.calls)
    shop.stripe.store.now += LOOKED_AFTER.days * DAY + DAY

    assert await compare_with_stripe(shop.application, shop.cause()) == 1
    assert await compare_with_stripe(shop.application, shop.cause(timedelta(days=1))) == 0

    asked = [path for _, path in shop.stripe.double.calls[before:]]
    assert f"/v1/subscriptions/{over['id']}" not in asked
    assert asked.count("/v1/subscriptions") == 2
    assert (await row_of(shop, unheard)).state == "ended"


async def test_a_price_that_stripe_does_not_take_keeps_no_other_from_being_made(shop: Shop) -> None:
    write = shop.application.database.write
    for code in ("first", "second"):
        await write(open_plan, shop.cause(), replace(PLAN, code=code))
    shop.stripe.double.faults.extend(["500"] * 3)

    assert await keep_in_step(shop.application, shop.cause()) == 5
    assert await keep_in_step(shop.application, shop.cause()) == 1

    assert len(list(shop.stripe.store.all("price"))) == 9


async def test_nothing_is_sold_at_stripe_in_a_currency_that_it_counts_otherwise(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    plan = replace(PLAN, code="kronur")
    await shop.application.database.write(open_plan, shop.cause(), plan)
    await owner_connection.execute(
        text("update loyalty.plan set currency = 'ISK' where code = 'kronur'")
    )

    assert await keep_in_step(shop.application, shop.cause()) == 0

    assert {each["currency"] for each in shop.stripe.store.all("price")} == {"usd"}
