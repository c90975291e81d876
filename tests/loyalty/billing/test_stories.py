"""The same stories on the double and, when `STRIPE_TEST_KEY` is set, on Stripe's own test clocks.

Each is told through our gateway and read by our projection. On the double they always run; without
a key the run says at its end that nothing was proved on Stripe itself.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import pytest
import pytest_asyncio
import stripe as sdk

from loyalty.billing.fetching import fetch
from loyalty.billing.gateway import Gateway, open_gateway
from loyalty.billing.projecting import Known, prices_in, report
from loyalty.ids import new_id
from loyalty.membership.types import Report
from tests.loyalty.billing.building import Stripe, open_double
from tests.support.stripe_double import pages
from tests.support.stripe_double.passing import advance

KEY = os.environ.get("STRIPE_TEST_KEY", "")
HOUR, MONTH = 3_600, 31 * 86_400
PATIENCE = 120
"""Seconds in which a real test clock must have come to its instant."""


class Account(Protocol):
    """Somebody at Stripe, with a subscription and a clock."""

    @property
    def gateway(self) -> Gateway:
        """Our way to it."""

    async def begin(self, *, trial_days: int = 0) -> str:
        """Subscribe for 10.00 a month with a card that works."""

    async def advance(self, seconds: int) -> None:
        """Let time pass."""

    async def card(self, *, works: bool) -> None:
        """Give another card."""


@dataclass(slots=True)
class Doubled:
    """The double."""

    stripe: Stripe
    customer: str = ""

    @property
    def gateway(self) -> Gateway:
        """Our way to it."""
        return self.stripe.gateway

    async def begin(self, *, trial_days: int = 0) -> str:
        price = await self.stripe.sell()
        self.customer = await self.gateway.make_customer("mem_1", None, key="c")
        return str(self.stripe.begin(self.customer, price, trial_days=trial_days)["id"])

    async def advance(self, seconds: int) -> None:
        advance(self.stripe.store, self.stripe.store.now + seconds)

    async def card(self, *, works: bool) -> None:
        pages.mend(self.stripe.store, self.customer, "pays" if works else "declined")


@dataclass(slots=True)
class Real:
    """A customer on a test clock of a Stripe account in test mode."""

    way: Gateway
    client: sdk.StripeClient
    clock: str
    now: int
    customer: str = ""

    @property
    def gateway(self) -> Gateway:
        """Our way to it."""
        return self.way

    async def begin(self, *, trial_days: int = 0) -> str:
        customer = await self.client.v1.customers.create_async({"test_clock": self.clock})
        self.customer = customer.id
        await self.card(works=True)
        product = await self.client.v1.products.create_async({"name": "loyalty test"})
        price = await self.client.v1.prices.create_async(
            {
                "currency": "usd",
                "unit_amount": 1_000,
                "product": product.id,
                "recurring": {"interval": "month"},
            }
        )
        asked: Any = {"customer": self.customer, "items": [{"price": price.id}]}
        if trial_days:
            asked["trial_period_days"] = trial_days
        return (await self.client.v1.subscriptions.create_async(asked)).id

    async def advance(self, seconds: int) -> None:
        self.now += seconds
        clocks = self.client.v1.test_helpers.test_clocks
        await clocks.advance_async(self.clock, {"frozen_time": self.now})
        for _ in range(PATIENCE):
            if (await clocks.retrieve_async(self.clock)).status == "ready":
                return
            await asyncio.sleep(1)
        raise AssertionError("the test clock did not come to its instant")

    async def card(self, *, works: bool) -> None:
        token = "pm_card_visa" if works else "pm_card_chargeCustomerFail"
        card = await self.client.v1.payment_methods.attach_async(token, {"customer": self.customer})
        await self.client.v1.customers.update_async(
            self.customer, {"invoice_settings": {"default_payment_method": card.id}}
        )
        page = await self.client.v1.invoices.list_async(
            {"customer": self.customer, "status": "open"}
        )
        for owed in page.data if works else ():
            await self.client.v1.invoices.pay_async(owed.id)


@pytest_asyncio.fixture(params=["double", *(["stripe"] if KEY else [])])
async def account(request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    """An account of the double, or of Stripe where there is a key."""
    if request.param == "double":
        double = open_double()
        yield Doubled(double)
        await double.gateway.close()
        return
    assert KEY.startswith(("sk_test_", "rk_test_")), "never a live key"
    gateway = open_gateway(KEY)
    client = gateway._client
    now = int(datetime.now(UTC).timestamp())  # noqa: TID251 (a clock at Stripe begins now)
    clock = await client.v1.test_helpers.test_clocks.create_async({"frozen_time": now})
    yield Real(gateway, client, clock.id, now)
    await client.v1.test_helpers.test_clocks.delete_async(clock.id)
    await gateway.close()


async def seen(account: Account, subscription: str) -> Report:
    """Return what our projection makes of a subscription."""
    at = datetime(2027, 6, 1, tzinfo=UTC)  # while what was paid may still go back
    picture = await fetch(account.gateway, subscription, at=at)
    assert picture is not None
    known = Known(member=new_id(), prices={name: UUID(int=1) for name in prices_in(picture)})
    told = report(picture, known, fence=1, at=at)
    assert told is not None
    return told


async def test_a_month_is_paid_and_then_the_next(account: Account) -> None:
    id = await account.begin()
    first = await seen(account, id)
    await account.advance(MONTH + 2 * HOUR)
    second = await seen(account, id)

    assert (first.status, second.status) == ("active", "active")
    assert [charge.reason for charge in second.charges] == ["first", "renewal"]
    assert [charge.net + charge.tax for charge in second.charges] == [1_000, 1_000]
    assert second.charges[0].ends_at == second.charges[1].starts_at


async def test_a_renewal_fails_and_is_mended(account: Account) -> None:
    id = await account.begin()
    await account.card(works=False)
    await account.advance(MONTH + 2 * HOUR)
    late = await seen(account, id)
    await account.card(works=True)
    mended = await seen(account, id)

    assert late.status == "past-due"
    assert late.past_due_since == late.period_end
    assert mended.status == "active"
    assert len(mended.charges) == 2


async def test_a_trial_turns_into_a_paid_month(account: Account) -> None:
    id = await account.begin(trial_days=7)
    trial = await seen(account, id)
    await account.advance(7 * 86_400 + 2 * HOUR)
    paid = await seen(account, id)

    assert (trial.status, trial.charges) == ("trial", ())
    assert trial.trial_ends_at is not None
    assert (trial.period_start, trial.period_end) == (None, None)
    assert (paid.status, [charge.reason for charge in paid.charges]) == ("active", ["first"])


async def test_it_ends_with_its_period_when_that_was_asked(account: Account) -> None:
    id = await account.begin()
    await account.gateway.cancel_later(id, cancels=True, key=f"{id}:later")
    asked = await seen(account, id)
    await account.advance(MONTH + 2 * HOUR)
    ended = await seen(account, id)

    assert (asked.status, asked.cancel_at) == ("active", asked.period_end)
    assert (ended.status, ended.end_cause) == ("ended", "period-ended")


async def test_it_ends_at_once_and_the_money_goes_back(account: Account) -> None:
    id = await account.begin()
    (charge,) = (await seen(account, id)).charges
    invoices = await account.gateway.invoices(id)
    intent = invoices[0]["payments"]["data"][0]["payment"]["payment_intent"]
    await account.gateway.cancel_now(id, why="withdrawn")
    await account.gateway.refund(intent, 400, key=f"{id}:back")
    ended = await seen(account, id)

    assert (ended.status, ended.end_cause) == ("ended", "withdrawn")
    (back,) = ended.refunds
    assert (back.charge, back.net + back.tax, back.kind) == (charge.reference, 400, "refund")
