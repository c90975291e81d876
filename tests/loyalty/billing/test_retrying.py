"""A refund that Stripe refuses is tried again, for what is missing and no more, or settled."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import deeds
from loyalty.billing.errors import NoRefundRefused, RefundUnderWay, StripeRefused
from loyalty.billing.operations import PATIENCE, finish_operations
from loyalty.billing.refunding import NO_PAYMENT, WAITS
from loyalty.billing.retrying import (
    RefusedRefund,
    count_refused,
    refused_refunds,
    retry_refunds,
    settle,
    try_again,
)
from loyalty.billing.syncing import sync
from loyalty.ids import show
from loyalty.membership.types import PREFIX, Membership
from tests.loyalty.billing.shop import Shop, joined, row_of, shop
from tests.support.api import web_over
from tests.support.stripe_double import papers
from tests.support.stripe_double.store import Object

__all__ = ["shop"]

HOUR = timedelta(hours=1)
TRIES = "select key, actor from loyalty.stripe_operation where deed like 'refund%' order by 1"


async def refused(shop: Shop) -> tuple[Membership, Object]:
    """Return a membership that was withdrawn from, whose 10.00 Stripe refused to give back."""
    made, row = await joined(shop)
    charge = next(shop.stripe.store.all("charge"))
    charge["amount_captured"] = 0  # so that nothing of it can be given back
    with pytest.raises(StripeRefused):
        await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")
    return await row_of(shop, made), charge


def given_back(shop: Shop) -> list[int]:
    """Return what Stripe gave back."""
    return [each["amount"] for each in shop.stripe.store.all("refund")]


async def listed(shop: Shop) -> list[RefusedRefund]:
    """Return what Stripe refused and nobody has settled; counted as well."""
    async with shop.application.database.read() as connection:
        found = list(await refused_refunds(connection, limit=10))
        assert await count_refused(connection) == len(found)
    return found


async def tries(shop: Shop) -> list[tuple[Any, ...]]:
    """Return the tries of refunds, by what their keys end with, and who asked."""
    async with shop.application.database.read() as connection:
        rows = await connection.execute(text(TRIES))
    return [(row.key.partition("pi_")[2], row.actor) for row in rows]


async def test_a_refused_refund_is_tried_again_under_another_key_until_stripe_takes_it(
    shop: Shop,
) -> None:
    row, charge = await refused(shop)
    (first,) = await listed(shop)
    assert (first.amount, first.attempts, first.membership) == (1_000, 1, row.id)
    assert first.next_at == shop.at + WAITS[0]
    assert await retry_refunds(shop.application, shop.cause(WAITS[0] - HOUR)) == 0
    assert len(await tries(shop)) == 1, "it is not time yet"
    assert await retry_refunds(shop.application, shop.cause(WAITS[0])) == 0
    (second,) = await listed(shop)
    assert (second.attempts, second.next_at) == (2, shop.at + WAITS[0] + WAITS[1])

    charge["amount_captured"] = 1_000
    assert await retry_refunds(shop.application, shop.cause(WAITS[0] + WAITS[1])) == 1
    assert await retry_refunds(shop.application, shop.cause(sum(WAITS, HOUR))) == 0

    assert given_back(shop) == [1_000]
    assert await listed(shop) == []
    assert [key for key, _ in await tries(shop)] == ["00000001", "00000001:2", "00000001:3"]
    again = await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")
    assert [one.net for one in again.due] == [1_000], "it is refused no longer"


async def test_after_the_last_try_it_is_for_a_person_who_lets_it_be_tried_again(
    shop: Shop,
) -> None:
    row, charge = await refused(shop)
    at = timedelta(0)
    for wait in WAITS:
        at += wait
        assert await retry_refunds(shop.application, shop.cause(at)) == 0
    (last,) = await listed(shop)
    assert (last.attempts, last.next_at) == (len(WAITS) + 1, None)
    assert await retry_refunds(shop.application, shop.cause(10 * at)) == 0
    assert len(await tries(shop)) == len(WAITS) + 1
    charge["amount_captured"] = 1_000

    await shop.application.database.write(try_again, shop.cause(at), row.id)
    with pytest.raises(RefundUnderWay):
        await shop.application.database.write(try_again, shop.cause(at), row.id)
    with pytest.raises(RefundUnderWay):
        await shop.application.database.write(settle, shop.cause(at), row.id, "paid-by-bank")
    assert await finish_operations(shop.application, shop.cause(at + 2 * PATIENCE)) == 1

    assert given_back(shop) == [1_000]
    assert await listed(shop) == []


async def test_only_what_nobody_gave_back_meanwhile_is_asked_for(shop: Shop) -> None:
    _, charge = await refused(shop)
    charge["amount_captured"] = 1_000
    papers.refund(shop.stripe.store, charge, 700, None, {})  # by a person, at Stripe

    assert await retry_refunds(shop.application, shop.cause(WAITS[0])) == 1

    assert sorted(given_back(shop)) == [300, 700]


async def test_what_a_person_gave_back_whole_is_asked_for_no_more(shop: Shop) -> None:
    row, charge = await refused(shop)
    charge["amount_captured"] = 1_000
    papers.refund(shop.stripe.store, charge, 1_000, None, {})

    assert await retry_refunds(shop.application, shop.cause(WAITS[0])) == 1
    await shop.application.database.write(try_again, shop.cause(WAITS[0]), row.id)
    await finish_operations(shop.application, shop.cause(WAITS[0] + 2 * PATIENCE))

    assert given_back(shop) == [1_000]
    assert await listed(shop) == []


async def test_what_a_bank_sent_back_is_asked_for_again_by_hand(shop: Shop) -> None:
    made, row = await joined(shop)
    await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")
    (back,) = shop.stripe.store.all("refund")
    (charge,) = shop.stripe.store.all("charge")
    back["status"], charge["amount_refunded"] = "failed", 0

    await shop.application.database.write(try_again, shop.cause(), row.id)
    assert await finish_operations(shop.application, shop.cause(2 * PATIENCE)) == 1
    await sync(shop.application, shop.cause(2 * PATIENCE), made["id"])

    assert [each["status"] for each in shop.stripe.store.all("refund")] == ["succeeded", "failed"]
    async with shop.application.database.read() as connection:
        left = await connection.scalar(
            text("select net + tax - refunded_net - refunded_tax from loyalty.membership_charge")
        )
    assert left == 0


async def test_a_try_whose_answer_was_lost_goes_on_under_its_key(shop: Shop) -> None:
    _, charge = await refused(shop)
    charge["amount_captured"] = 1_000
    shop.stripe.double.faults.extend(["", *["drop"] * 3])

    assert await retry_refunds(shop.application, shop.cause(WAITS[0])) == 0
    assert await listed(shop) == [], "nobody knows what came of it"
    later = WAITS[0] + 2 * PATIENCE
    assert await finish_operations(shop.application, shop.cause(later)) == 1

    assert given_back(shop) == [1_000]
    assert [key for key, _ in await tries(shop)] == ["00000001", "00000001:2"]


async def test_what_is_settled_otherwise_is_asked_for_no_more(shop: Shop) -> None:
    row, charge = await refused(shop)

    await shop.application.database.write(settle, shop.cause(), row.id, "paid-by-bank")
    with pytest.raises(NoRefundRefused):
        await shop.application.database.write(settle, shop.cause(), row.id, "paid-by-bank")
    with pytest.raises(NoRefundRefused):
        await shop.application.database.write(try_again, shop.cause(), row.id)
    charge["amount_captured"] = 1_000
    assert await retry_refunds(shop.application, shop.cause(sum(WAITS, HOUR))) == 0

    assert given_back(shop) == []
    assert await listed(shop) == []
    async with shop.application.database.read() as connection:
        told = await connection.execute(
            text("select action, after ->> 'reason' from loyalty.change where member is not null")
        )
        assert ("settle", "paid-by-bank") in [tuple(each) for each in told]


async def test_what_no_payment_has_left_is_for_a_person_at_once(shop: Shop) -> None:
    made, row = await joined(shop)
    for paid in shop.stripe.store.all("invoice_payment"):
        paid["status"] = "canceled"
    with pytest.raises(StripeRefused, match=NO_PAYMENT):
        await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")

    (one,) = await listed(shop)

    assert (one.code, one.payment, one.next_at) == (NO_PAYMENT, None, None)
    assert await retry_refunds(shop.application, shop.cause(sum(WAITS, HOUR))) == 0
    assert (await row_of(shop, made)).state == "ended"


async def test_finance_sees_what_was_refused_and_answers(shop: Shop) -> None:
    app, store = shop.application, shop.stripe.store
    store.now = int(app.clock.now().timestamp())
    refusals = [await refused(shop), await refused(shop)]
    async with web_over(app) as web:
        finance = await web.caller("finance")
        first = (await finance.get("/v1/stripe/refunds?limit=1")).json()
        more = (await finance.get(f"/v1/stripe/refunds?limit=1&after={first['next']}")).json()
        rows = [*first["items"], *more["items"]]
        assert more["next"] is None
        assert {one["membership"] for one in rows} == {show(PREFIX, row.id) for row, _ in refusals}
        assert [(one["amount"], one["attempts"], one["next_at"] is None) for one in rows] == [
            (1_000, 1, False)
        ] * 2
        again, over = [f"/v1/stripe/refunds/{one['membership']}" for one in rows]

        assert (await finance.post(f"{again}/retry", {})).status_code == 200
        twice = await finance.post(f"{again}/retry", {})
        settled = await finance.post(f"{over}/settle", {"reason": "paid-by-bank"})
        none = await finance.post(f"{over}/settle", {"reason": "paid-by-bank"})
        stands = (await finance.get("/v1/stripe")).json()

    assert (twice.status_code, twice.json()["code"]) == (409, "refund-under-way")
    assert settled.status_code == 200
    assert (none.status_code, none.json()["code"]) == (409, "no-refund-refused")
    assert stands["refused_refunds"] == 0
    assert [actor for _, actor in await tries(shop) if actor.startswith("key:")] != []


async def test_a_try_that_does_not_say_which_it_is_cannot_be_kept(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await refused(shop)

    for gone in ("of", "attempt"):
        with pytest.raises(IntegrityError, match="stripe_operation_refund_says_which_try"):
            await owner_connection.execute(
                text("update loyalty.stripe_operation set asked = asked - :gone"), {"gone": gone}
            )
