"""Money goes back once, however often and by whomever a membership is ended."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import deeds
from loyalty.billing.errors import StripeRefused, StripeUnavailable
from loyalty.billing.leaving import end_left_behind
from loyalty.billing.operations import FORGOTTEN, KEYS_LAST, PATIENCE, finish_operations
from loyalty.billing.retrying import retry_refunds
from loyalty.billing.syncing import sync
from loyalty.members import Ref
from loyalty.members.changing import close_member
from loyalty.members.store import lock_member
from loyalty.membership.errors import CancelledAlready
from loyalty.membership.types import Membership
from tests.loyalty.billing.shop import ASKED_FIRST, Shop, shop
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY

__all__ = ["shop"]


async def half_used(shop: Shop, owner: AsyncConnection) -> Membership:
    """Return a membership of which some days are used up and are not given back."""
    await owner.execute(text("update loyalty.plan set refund_policy = 'pro-rata'"))
    made = await shop.joined(await shop.member())
    await sync(shop.application, shop.cause(), made["id"])
    advance(shop.stripe.store, shop.stripe.store.now + 20 * DAY)
    row = await shop.membership(made["id"])
    assert row is not None
    return row


def given_back(shop: Shop) -> list[int]:
    """Return what Stripe gave back."""
    return [each["amount"] for each in shop.stripe.store.all("refund")]


async def test_two_who_end_it_at_once_give_back_once(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    row = await half_used(shop, owner_connection)

    answers = await asyncio.gather(
        *(
            deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key=key)
            for key in ("a", "b", "c")
        ),
        return_exceptions=True,
    )

    assert given_back(shop) == [322]
    assert sum(isinstance(each, CancelledAlready) for each in answers) == 2


async def test_what_is_under_way_is_not_asked_for_anew(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    row = await half_used(shop, owner_connection)
    shop.stripe.double.faults.extend([""] * (ASKED_FIRST + 1) + ["500"] * 3)
    with suppress(StripeUnavailable):
        await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")

    with pytest.raises(CancelledAlready):
        await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="b")
    await finish_operations(shop.application, shop.cause(2 * PATIENCE))

    assert given_back(shop) == [322]


async def test_what_was_not_answered_while_stripe_kept_its_key_is_not_asked_again(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    row = await half_used(shop, owner_connection)
    shop.stripe.double.faults.extend([""] * (ASKED_FIRST + 1) + ["drop"] * 3)
    with suppress(StripeUnavailable):
        await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")
    assert given_back(shop) == [322]
    shop.stripe.store.answers.clear()  # as Stripe does after a day

    for later in (shop.cause(KEYS_LAST), shop.cause(2 * KEYS_LAST)):
        with pytest.raises(StripeRefused, match=FORGOTTEN):
            await deeds.leave(shop.application, later, row, "cancelled-now", key="a")
        assert await finish_operations(shop.application, later) == 0

    assert given_back(shop) == [322]
    assert await refusals(shop) == [FORGOTTEN, None]
    assert await retry_refunds(shop.application, shop.cause(2 * KEYS_LAST)) == 1
    left = await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")
    assert given_back(shop) == [322], "Stripe is asked what went back, and has it"
    assert [one.net for one in left.due] == [322]
    ended = await shop.membership(row.reference)
    assert ended is not None
    assert (ended.state, ended.end_cause) == ("ended", "cancelled-now")


async def test_who_left_gets_money_back_once_also_when_its_answer_was_lost_for_a_day(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    row = await half_used(shop, owner_connection)
    write = shop.application.database.write
    whose = await write(lock_member, Ref("member", "", id=row.member))
    await write(close_member, shop.cause(), whose, reason="asked")
    shop.stripe.double.faults.extend([""] * (4 + ASKED_FIRST + 1) + ["drop"] * 3)
    assert await end_left_behind(shop.application, shop.cause()) == 0
    assert given_back(shop) == [322]
    shop.stripe.store.answers.clear()

    assert await end_left_behind(shop.application, shop.cause(KEYS_LAST)) == 0

    assert given_back(shop) == [322]
    ended = await shop.membership(row.reference)
    assert ended is not None
    assert (ended.state, ended.end_cause) == ("ended", "member-closed")


async def refusals(shop: Shop) -> list[str | None]:
    """Return what was refused of what we asked Stripe."""
    async with shop.application.database.read() as connection:
        return list(
            await connection.scalars(
                text("select refused from loyalty.stripe_operation order by 1")
            )
        )
