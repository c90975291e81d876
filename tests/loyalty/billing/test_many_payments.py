"""What is due of an invoice that several payments paid goes back through them, to the cent."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing import deeds
from loyalty.billing.fetching import fetch
from loyalty.billing.leaving import bring_in
from loyalty.billing.projecting import Picture
from loyalty.billing.refunding import kept_parts, paid_in, parts_of
from loyalty.billing.syncing import sync
from loyalty.membership.types import Membership
from tests.loyalty.billing.shop import Shop, joined, row_of, shop
from tests.support.stripe_double import pages, papers
from tests.support.stripe_double.store import DAY, Object

__all__ = ["shop"]

LEFT = "select net - refunded_net, tax - refunded_tax from loyalty.membership_charge"
RECORDED = "select sum(net), sum(tax) from loyalty.membership_refund"


async def in_three(shop: Shop) -> tuple[Object, Membership]:
    """Return a membership of 10.00, tax included, that three payments paid."""
    shop.stripe.store.payments, shop.stripe.store.tax_percent = 3, 7
    return await joined(shop)


def given_back(shop: Shop) -> list[tuple[str, int]]:
    """Return which payments gave what back, in the order of asking."""
    made = list(shop.stripe.store.all("refund"))
    return [(each["payment_intent"], each["amount"]) for each in reversed(made)]


async def test_a_fee_that_goes_back_whole_goes_back_through_every_payment(shop: Shop) -> None:
    made, row = await in_three(shop)

    left = await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")
    again = await deeds.leave(shop.application, shop.cause(), row, "withdrawn", key="a")

    assert again.due == left.due
    assert [(one.net, one.tax) for one in left.due] == [(935, 65)]
    assert given_back(shop) == [("pi_00000003", 334), ("pi_00000002", 333), ("pi_00000001", 333)]
    assert (await row_of(shop, made)).end_cause == "withdrawn"
    async with shop.application.database.read() as connection:
        assert tuple((await connection.execute(text(RECORDED))).one()) == (935, 65)
        assert tuple((await connection.execute(text(LEFT))).one()) == (0, 0)


async def test_a_part_of_it_takes_the_newest_payment_first_and_what_is_left_of_each(
    shop: Shop, owner_connection: AsyncConnection
) -> None:
    await owner_connection.execute(text("update loyalty.plan set refund_policy = 'pro-rata'"))
    made, row = await in_three(shop)
    newest, middle, _ = shop.stripe.store.all("charge")
    papers.refund(shop.stripe.store, newest, 300, None, {})
    papers.dispute(shop.stripe.store, middle)
    shop.stripe.store.now += 5 * DAY
    await sync(shop.application, shop.cause(), made["id"])

    left = await deeds.leave(shop.application, shop.cause(), row, "cancelled-now", key="a")

    (due,) = left.due
    assert due.net + due.tax == 1_000 - 300 - 333, "25 of 31 days, but no more than is left"
    assert given_back(shop)[1:] == [("pi_00000003", 34), ("pi_00000001", 333)]


async def test_a_second_subscription_gives_every_payment_back(shop: Shop) -> None:
    ann = await shop.member()
    _, first = await shop.opened(ann)
    _, second = await shop.opened(ann)
    first["status"] = "open"  # somebody paid both pages at once
    shop.stripe.store.payments = 2
    made = [pages.complete(shop.stripe.store, each) for each in (first, second)]
    await sync(shop.application, shop.cause(), made[0]["id"])

    await bring_in(shop.application, shop.cause(), made[1]["id"])

    assert given_back(shop) == [("pi_00000004", 500), ("pi_00000003", 500)]
    assert (await row_of(shop, made[1])).end_cause == "second-membership"


async def test_stripe_is_asked_about_the_payments_of_what_is_due_and_no_others(shop: Shop) -> None:
    made, _ = await in_three(shop)
    gateway = shop.application.billing.demand()
    before = len(shop.stripe.double.calls)

    await fetch(gateway, made["id"], at=shop.at, only={"in_of_another_year"})

    assert [path for _, path in shop.stripe.double.calls[before:]] == [
        f"/v1/subscriptions/{made['id']}",
        "/v1/invoices",
    ]


def test_what_was_kept_before_payments_were_told_apart_is_asked_as_it_was() -> None:
    due = {"charge": "in_1", "net": 935, "tax": 65, "days": 1, "of_days": 1, "intent": "pi_1"}

    assert kept_parts({"why": "withdrawn", "due": [due]}) == [
        {"intent": "pi_1", "amount": 1_000, "before": []}
    ]


Paid = Sequence[tuple[int, int]]


def pictured(invoices: Mapping[str, Paid]) -> Picture:
    """Return invoices with what each of their payments paid, and what of it went back."""
    made, refunds = [], {}
    for invoice, paid in invoices.items():
        data = []
        for place, (amount, back) in enumerate(paid):
            intent = f"pi_{invoice}_{place}"
            payment = {"payment_intent": intent}
            about = {"id": intent, "created": place, "status": "paid", "payment": payment}
            data.append({**about, "amount_paid": amount})
            refunds[intent] = [{"id": f"re_{intent}", "amount": back, "status": "succeeded"}]
        made.append({"id": invoice, "payments": {"data": data}})
    return Picture({}, made, refunds=refunds)


amounts = st.integers(0, 1_000)
payments = st.tuples(amounts, amounts).map(lambda pair: (max(pair), min(pair)))
invoices = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(payments, max_size=4), min_size=1
)


@given(invoices=invoices, wanted=st.lists(amounts, min_size=3, max_size=3))
def test_parts_are_what_is_due_and_no_more_than_a_payment_has_left(
    invoices: Mapping[str, Paid], wanted: Sequence[int]
) -> None:
    due = dict(zip(invoices, wanted, strict=False))
    left = {
        f"pi_{invoice}_{place}": amount - back
        for invoice, paid in invoices.items()
        for place, (amount, back) in enumerate(paid)
    }

    parts = parts_of(due, pictured(invoices))

    asked = {part["intent"]: part["amount"] for part in parts}
    assert len(asked) == len(parts)
    assert sum(asked.values()) == sum(due.values())
    short = sum(
        max(0, amount - sum(paid - back for paid, back in invoices[invoice]))
        for invoice, amount in due.items()
    )
    assert asked.pop(None, 0) == short
    assert all(0 < amount <= left[intent] for intent, amount in asked.items())
    assert sum(paid_in(pictured(invoices)).values()) == sum(left.values())
