"""The double behaves as Stripe is documented to, and speaks as Stripe's schemas say."""

from typing import Any

import pytest
import stripe as sdk

from loyalty.billing.errors import CardRefused, StripeRefused, StripeUnavailable
from tests.loyalty.billing.building import Stripe, stripe
from tests.support.requirements import needs_shared
from tests.support.stripe_double import life, pages, papers
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.store import DAY, HOUR
from tests.support.stripe_schemas import pinned_version

__all__ = ["stripe"]

pytestmark = needs_shared


def told(stripe: Stripe, since: int = 0) -> list[str]:
    """Return what was told, in order."""
    return [event["type"] for event in stripe.store.events[since:]]


async def joined(stripe: Stripe, **about: int) -> tuple[str, str]:
    """Return a customer and a monthly subscription."""
    price = await stripe.sell()
    customer = await stripe.gateway.make_customer("mem_1", "ann@example.com", key="customer:1")
    subscribed: Any = {"metadata": {"loyalty_checkout": "x"}, **about}
    page = await stripe.gateway.open_page(
        {
            "mode": "subscription",
            "customer": customer,
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": "https://shop.test/joined?page={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.test/plus",
            "automatic_tax": {"enabled": True},
            "subscription_data": subscribed,
        },
        key="page:1",
    )
    session = stripe.store.get("checkout.session", page["id"])
    assert page["url"].endswith(f"/c/pay/{page['id']}")
    made = pages.complete(stripe.store, session)
    return customer, made["id"]


def test_the_sdk_is_the_one_whose_requests_are_known() -> None:
    assert pinned_version() == sdk.api_version


async def test_who_subscribes_is_told_of_last(stripe: Stripe) -> None:
    _, id = await joined(stripe)

    seen = await stripe.gateway.subscription(id)

    assert seen is not None
    assert seen["status"] == "active"
    assert told(stripe)[1:] == [
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.payment_succeeded",
        "invoice.paid",
        "customer.subscription.created",
        "checkout.session.completed",
    ]


async def test_a_renewal_is_drafted_at_once_and_collected_an_hour_later(stripe: Stripe) -> None:
    _, id = await joined(stripe)
    before = stripe.store.get("subscription", id)
    until = life.item_of(before)["current_period_end"]

    advance(stripe.store, until)
    drafted = (await stripe.gateway.invoices(id))[0]
    advance(stripe.store, until + HOUR)
    paid = (await stripe.gateway.invoices(id))[0]

    assert (drafted["status"], paid["status"]) == ("draft", "paid")
    assert paid["payments"]["data"][0]["status"] == "paid"
    assert life.item_of(before)["current_period_start"] == until


async def test_a_renewal_that_fails_is_tried_again_and_then_ends_it(stripe: Stripe) -> None:
    customer, id = await joined(stripe)
    pages.mend(stripe.store, customer, "declined")
    found = stripe.store.get("subscription", id)
    until = life.item_of(found)["current_period_end"]

    advance(stripe.store, until + 2 * HOUR)
    late = found["status"]
    advance(stripe.store, until + 16 * DAY)

    assert (late, found["status"]) == ("past_due", "canceled")
    assert told(stripe).count("invoice.payment_failed") == 4
    assert told(stripe)[-1] == "customer.subscription.deleted"


async def test_another_card_mends_what_was_past_due(stripe: Stripe) -> None:
    customer, id = await joined(stripe)
    pages.mend(stripe.store, customer, "declined")
    found = stripe.store.get("subscription", id)
    advance(stripe.store, life.item_of(found)["current_period_end"] + 2 * HOUR)

    pages.mend(stripe.store, customer, "pays")

    assert found["status"] == "active"
    assert told(stripe)[-2:] == ["invoice.paid", "customer.subscription.updated"]


async def test_a_trial_is_foretold_and_ends_with_a_charge(stripe: Stripe) -> None:
    _, id = await joined(stripe, trial_period_days=14)
    found = stripe.store.get("subscription", id)
    assert found["status"] == "trialing"

    advance(stripe.store, found["trial_end"] + HOUR)

    assert found["status"] == "active"
    assert "customer.subscription.trial_will_end" in told(stripe)
    assert [each["amount_paid"] for each in await stripe.gateway.invoices(id)] == [1_000, 0]


async def test_it_ends_with_its_period_once_that_was_asked_and_not_undone(stripe: Stripe) -> None:
    _, id = await joined(stripe)
    await stripe.gateway.cancel_later(id, cancels=True, key="1")
    asked = await stripe.gateway.subscription(id)
    await stripe.gateway.cancel_later(id, cancels=False, key="2")
    undone = await stripe.gateway.subscription(id)
    await stripe.gateway.cancel_later(id, cancels=True, key="3")

    assert asked is not None
    assert undone is not None
    assert (asked["cancel_at"], undone["cancel_at"]) == (
        life.item_of(asked)["current_period_end"],
        None,
    )
    advance(stripe.store, asked["cancel_at"])
    assert stripe.store.get("subscription", id)["status"] == "canceled"


async def test_an_upgrade_credits_what_is_left_and_bills_the_rest(stripe: Stripe) -> None:
    _, id = await joined(stripe)
    yearly = await stripe.sell(10_000, "year")
    found = stripe.store.get("subscription", id)
    only = life.item_of(found)
    advance(stripe.store, (only["current_period_start"] + only["current_period_end"]) // 2)

    await stripe.gateway.upgrade(id, only["id"], yearly, key="up")

    owed = (await stripe.gateway.invoices(id))[0]
    assert [line["amount"] for line in owed["lines"]["data"]] == [-500, 10_000]
    assert (owed["status"], owed["amount_paid"]) == ("paid", 9_500)


async def test_a_refused_card_upgrades_nothing(stripe: Stripe) -> None:
    customer, id = await joined(stripe)
    yearly = await stripe.sell(10_000, "year")
    pages.mend(stripe.store, customer, "declined")
    item = life.item_of(stripe.store.get("subscription", id))["id"]

    with pytest.raises(CardRefused) as refused:
        await stripe.gateway.upgrade(id, item, yearly, key="up")

    assert refused.value.seen == "card_declined"
    assert len(await stripe.gateway.invoices(id)) == 1


async def test_a_downgrade_waits_for_the_end_of_the_period(stripe: Stripe) -> None:
    _, id = await joined(stripe)
    less = await stripe.sell(600)
    only = life.item_of(stripe.store.get("subscription", id))
    plan = await stripe.gateway.schedule(id, key="s")
    now = (only["price"]["id"], only["current_period_start"], only["current_period_end"])

    await stripe.gateway.change_later(plan["id"], now, (less, "month"), key="p")
    waiting = await stripe.gateway.subscription(id)
    advance(stripe.store, only["current_period_end"] + HOUR)

    assert waiting is not None
    assert waiting["schedule"]["metadata"] == {"loyalty_next_price": less}
    changed = await stripe.gateway.subscription(id)
    assert changed is not None
    assert (changed["schedule"], life.item_of(changed)["price"]["id"]) == (None, less)
    assert (await stripe.gateway.invoices(id))[0]["amount_paid"] == 600


async def test_money_goes_back_and_no_more_than_came(stripe: Stripe) -> None:
    _, id = await joined(stripe)
    (owed,) = await stripe.gateway.invoices(id)
    intent = owed["payments"]["data"][0]["payment"]["payment_intent"]

    await stripe.gateway.refund(intent, 400, key="r")
    await stripe.gateway.refund(intent, 400, key="r")
    with pytest.raises(StripeRefused):
        await stripe.gateway.refund(intent, 700, key="r2")

    assert [each["amount"] for each in await stripe.gateway.refunds(intent)] == [400]
    assert await stripe.gateway.subscription_of_payment(intent) == id
    charge = next(stripe.store.all("charge"))
    papers.settle(stripe.store, papers.dispute(stripe.store, charge), won=True)
    assert [each["status"] for each in await stripe.gateway.disputes(intent)] == ["won"]


async def test_what_it_does_not_know_it_refuses(stripe: Stripe) -> None:
    client = stripe.gateway._client

    with pytest.raises(sdk.InvalidRequestError, match="Unrecognized request URL"):
        await client.v1.coupons.list_async()
    with pytest.raises(sdk.InvalidRequestError, match="unknown parameter: shipping"):
        await client.v1.customers.create_async({"shipping": {"name": "A", "address": {}}})
    assert await stripe.gateway.subscription("sub_none") is None


async def test_a_key_used_again_answers_the_same_or_refuses(stripe: Stripe) -> None:
    first = await stripe.gateway.make_customer("mem_1", None, key="customer:1")

    assert await stripe.gateway.make_customer("mem_1", None, key="customer:1") == first
    with pytest.raises(StripeRefused):
        await stripe.gateway.make_customer("mem_2", None, key="customer:1")


@pytest.mark.parametrize("fault", ["500", "409", "drop", "hang"])
async def test_what_passes_is_tried_again_and_done_once(stripe: Stripe, fault: str) -> None:
    stripe.double.faults.append(fault)

    await stripe.gateway.make_customer("mem_1", None, key="customer:1")

    assert len(list(stripe.store.all("customer"))) == 1


@pytest.mark.parametrize("fault", ["500", "429", "hang"])
async def test_what_does_not_pass_is_said_to_be_unavailable(stripe: Stripe, fault: str) -> None:
    stripe.double.faults.extend([fault] * 3)

    with pytest.raises(StripeUnavailable):
        await stripe.gateway.make_customer("mem_1", None, key="customer:1")


async def test_the_judge_finds_what_is_wrong(stripe: Stripe) -> None:
    customer, _ = await joined(stripe)
    said = stripe.double.witness
    assert said is not None
    payer = stripe.store.get("customer", customer)

    said("POST", "/v1/customers", {"emial": "a@b.c"}, 200, payer)
    said("POST", "/v1/customers", {}, 200, {**payer, "created": "yesterday"})
    said("POST", "/v1/subscriptions/sub_1", {"billing_cycle_anchor": "now"}, 200, {})

    assert len(stripe.judge.found) >= 3
    assert "emial" in stripe.judge.found[0]
    stripe.judge.found.clear()
