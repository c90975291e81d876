"""What went back of a fee stays as it was recorded, and what did not reach the buyer is undone."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from loyalty.billing.fetching import fetch
from loyalty.billing.leasing import release, take_lease
from loyalty.billing.projecting import Known, Picture, report
from loyalty.billing.syncing import project, sync
from loyalty.ids import new_id
from loyalty.membership.types import Refund, ReportedRefund
from tests.loyalty.billing.shop import Shop, shop
from tests.support.stripe_double import papers
from tests.support.stripe_double.store import DAY, Object

__all__ = ["shop"]

AT = datetime(2027, 2, 1, tzinfo=UTC)
BEGAN, ENDS = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()), int(AT.timestamp())
RECORDED = """
select r.reference, r.kind, r.net, r.tax from loyalty.membership_refund r order by 1
"""
WALLET = "select available, debt from ledger.wallet"
AGAIN = "select count(*) from loyalty.membership_change where cause = 'bonus-given-again'"
LEFT = "select net, tax, refunded_net, refunded_tax from loyalty.membership_charge"


async def recorded(shop: Shop) -> list[tuple[Any, ...]]:
    """Return what went back as it is recorded."""
    async with shop.application.database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(RECORDED))]


async def left(shop: Shop) -> tuple[int, ...]:
    """Return what was charged and what of it went back."""
    async with shop.application.database.read() as connection:
        return tuple((await connection.execute(text(LEFT))).one())


async def brought_in(shop: Shop, made: Object) -> str:
    """Bring a subscription in a day later."""
    shop.stripe.store.now += DAY
    return (await sync(shop.application, shop.cause(), made["id"])).code


async def charged(shop: Shop) -> tuple[Object, Object]:
    """Return a subscription of 9.35 and 0.65 of tax, brought in, and the charge that paid it."""
    shop.stripe.store.tax_percent = 7
    made = await shop.joined(await shop.member())
    await brought_in(shop, made)
    assert await left(shop) == (935, 65, 0, 0)
    return made, next(shop.stripe.store.all("charge"))


async def test_a_refund_that_succeeds_after_a_younger_one_leaves_that_as_it_is(shop: Shop) -> None:
    made, charge = await charged(shop)
    slow = papers.refund(shop.stripe.store, charge, 333, None, {})
    slow["status"] = "pending"
    shop.stripe.store.now += DAY
    quick = papers.refund(shop.stripe.store, charge, 333, None, {})
    assert await brought_in(shop, made) == "applied"
    slow["status"] = "succeeded"

    assert await brought_in(shop, made) == "applied"
    assert await brought_in(shop, made) == "unchanged"

    assert await recorded(shop) == [
        (slow["id"], "refund", 312, 21),
        (quick["id"], "refund", 311, 22),
    ]


async def test_a_refund_that_fails_after_all_is_undone_cent_for_cent(shop: Shop) -> None:
    made, charge = await charged(shop)
    first, second = (papers.refund(shop.stripe.store, charge, 333, None, {}) for _ in range(2))
    await brought_in(shop, made)
    first["status"] = "failed"

    assert await brought_in(shop, made) == "applied"
    assert await brought_in(shop, made) == "unchanged"

    assert await recorded(shop) == [
        (first["id"], "refund", 311, 22),
        (f"{first['id']}/failed", "reinstated", 311, 22),
        (second["id"], "refund", 312, 21),
    ]
    assert await left(shop) == (935, 65, 312, 21)
    charge["amount_refunded"] = 333
    papers.refund(shop.stripe.store, charge, 667, None, {})
    await brought_in(shop, made)
    assert await left(shop) == (935, 65, 935, 65)


async def test_a_dispute_that_is_won_gives_back_what_it_took_and_no_refund(shop: Shop) -> None:
    made, charge = await charged(shop)
    papers.refund(shop.stripe.store, charge, 400, None, {})
    taken = papers.dispute(shop.stripe.store, charge)
    await brought_in(shop, made)
    assert await left(shop) == (935, 65, 935, 65)
    papers.settle(shop.stripe.store, taken, won=True)

    assert await brought_in(shop, made) == "applied"

    assert await left(shop) == (935, 65, 374, 26)


async def test_whichever_pictures_of_money_that_moves_are_missed_the_points_end_the_same(
    shop: Shop,
) -> None:
    made, store = await shop.joined(await shop.member()), shop.stripe.store
    gateway, pictures = shop.application.billing.demand(), []
    (charge,) = store.all("charge")

    async def seen() -> None:
        store.now += DAY
        picture = await fetch(gateway, made["id"], at=shop.at)
        assert picture is not None
        pictures.append(picture)

    back = papers.refund(store, charge, 1_000, None, {})
    await seen()
    back["status"], charge["amount_refunded"] = "failed", 0
    await seen()
    taken = papers.dispute(store, charge)
    await seen()
    papers.settle(store, taken, won=True)
    await seen()

    ends = []
    for kept in itertools.product((False, True), repeat=len(pictures) - 1):
        shown = [one for one, is_kept in zip(pictures, (*kept, True), strict=True) if is_kept]
        ends.append(await _points_after(shop, made["id"], shown))

    assert [points for points, _ in ends] == [(100, 0)] * 8
    assert {told for _, told in ends} == {0, 1, 2}, "as often as it was seen to be gone"


async def _points_after(
    shop: Shop, subscription: str, pictures: Sequence[Picture]
) -> tuple[tuple[int, int], int]:
    """Bring pictures in and take it back; return points, debt, and how often they came again."""
    async with shop.application.database._writing.connect() as connection:
        transaction = await connection.begin()
        for place, one in enumerate(pictures):
            later = shop.cause(place * timedelta(hours=1))
            lease = await take_lease(connection, subscription, at=later.at)
            assert lease is not None
            await project(connection, later, lease, one)
            await release(connection, lease, at=later.at)
        wallet = (await connection.execute(text(WALLET))).one()
        again = await connection.scalar(text(AGAIN))
        await transaction.rollback()
    return (wallet[0], wallet[1]), int(again or 0)


def picture(total: int, tax: int | None, refunds: Sequence[Object] = ()) -> Picture:
    """Return a month that was paid by one payment, of which refunds were made."""
    line = {
        "id": "il_1",
        "amount": total,
        "period": {"start": BEGAN, "end": ENDS},
        "pricing": {"price_details": {"price": "price_1"}},
    }
    paid = {"id": "inpay_1", "created": BEGAN, "status": "paid", "amount_paid": total}
    paid["payment"] = {"payment_intent": "pi_1"}
    owed: Object = {
        "id": "in_1",
        "status": "paid",
        "total": total,
        "total_excluding_tax": None if tax is None else total - tax,
        "total_taxes": [{"amount": 30}, {"amount": 12}] if tax is None else [],
        "currency": "usd",
        "billing_reason": "subscription_create",
        "attempt_count": 1,
        "status_transitions": {"paid_at": BEGAN},
        "lines": {"data": [line]},
        "payments": {"data": [paid]},
    }
    item = {
        "id": "si_1",
        "current_period_start": BEGAN,
        "current_period_end": ENDS,
        "price": {"id": "price_1"},
    }
    seen: Object = {
        "id": "sub_1",
        "status": "active",
        "start_date": BEGAN,
        "items": {"data": [item]},
        **dict.fromkeys(("trial_end", "cancel_at", "canceled_at", "ended_at")),
    }
    return Picture(seen, [owed], refunds={"pi_1": refunds})


def told(of: Picture, kept: Sequence[Refund] = ()) -> Sequence[ReportedRefund]:
    """Return what is new of what went back, beside what is recorded."""
    known = Known(new_id(), {"price_1": new_id()}, recorded={"in_1": kept})
    made = report(of, known, fence=1, at=AT)
    assert made is not None
    return made.refunds


def kept_of(one: ReportedRefund) -> Refund:
    """Return a refund as it is recorded."""
    charge = new_id()
    return Refund(
        new_id(), charge, charge, one.reference, one.net, one.tax, one.kind, one.reason, one.at
    )


def test_an_invoice_that_says_no_sum_without_tax_is_without_its_taxes() -> None:
    known = Known(new_id(), {"price_1": new_id()})

    (with_sum, without, untaxed) = (
        report(picture(1_000, tax), known, fence=1, at=AT) for tax in (65, None, 0)
    )

    for made, wanted in ((with_sum, (935, 65)), (without, (958, 42)), (untaxed, (1_000, 0))):
        assert made is not None
        assert (made.charges[0].net, made.charges[0].tax) == wanted


@given(
    net=st.integers(0, 400),
    tax=st.integers(0, 200),
    amounts=st.lists(st.integers(1, 120), min_size=1, max_size=6),
    turns=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["succeeded", "failed"]))),
)
def test_however_refunds_come_and_fail_none_is_split_anew_and_no_cent_is_lost(
    net: int, tax: int, amounts: Sequence[int], turns: Sequence[tuple[int, str]]
) -> None:
    amounts = [*amounts, net + tax - sum(amounts)]
    if net + tax == 0 or amounts[-1] <= 0:
        amounts = [net + tax or 1]
        net = net or (0 if tax else 1)
    refunds: list[Object] = [
        {"id": f"re_{place}", "amount": amount, "created": BEGAN, "reason": None, "status": "x"}
        for place, amount in enumerate(amounts)
    ]
    kept: list[Refund] = []
    every = [(place, "succeeded") for place in range(len(refunds))]
    for place, status in [*turns, *every]:
        one = refunds[place % len(refunds)]
        if one["status"] == "failed":
            continue
        one["status"] = status
        kept += [kept_of(new) for new in told(picture(net + tax, tax, refunds), kept)]

    assert told(picture(net + tax, tax, refunds), kept) == ()
    assert len({one.reference for one in kept}) == len(kept)
    signs = [-1 if one.kind == "reinstated" else 1 for one in kept]
    nets = sum(sign * one.net for sign, one in zip(signs, kept, strict=True))
    taxes = sum(sign * one.tax for sign, one in zip(signs, kept, strict=True))
    stands = sum(one["amount"] for one in refunds if one["status"] == "succeeded")
    assert nets + taxes == stands
    assert 0 <= nets <= net
    assert 0 <= taxes <= tax
    assert all(min(one.net, one.tax) >= 0 for one in kept)
