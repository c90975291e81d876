"""A double of Stripe with a plan in it, and the way our gateway reaches it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest_asyncio

from loyalty.billing.gateway import Gateway, open_gateway
from tests.support.requirements import SHARED
from tests.support.stripe_double import Double, InProcess, Store
from tests.support.stripe_double.life import subscribe
from tests.support.stripe_double.server import KEY, ORIGIN
from tests.support.stripe_double.shapes import payment_method
from tests.support.stripe_double.store import Object
from tests.support.stripe_schemas import Judge

BEGUN = int(datetime(2027, 1, 1, 9, tzinfo=UTC).timestamp())


@dataclass(slots=True)
class Stripe:
    """A double in this process, judged by Stripe's own schemas where these are at hand."""

    double: Double
    gateway: Gateway
    judge: Judge = field(default_factory=Judge)

    @property
    def store(self) -> Store:
        """The account."""
        return self.double.store

    def prove(self) -> None:
        """Hold every call so far, and every event, against Stripe's schemas."""
        for event in self.store.events:
            self.judge.event(event)
        assert self.judge.found == [], self.judge.found

    async def sell(self, amount: int = 1_000, every: str = "month", **metadata: str) -> str:
        """Put a price up and return its id."""
        product = await self.gateway.product_of("plus", "Plus")
        return await self.gateway.make_price(
            {
                "currency": "usd",
                "unit_amount": amount,
                "product": product,
                "recurring": {"interval": "year" if every == "year" else "month"},
                "tax_behavior": "inclusive",
                "metadata": metadata,
            },
            key=f"price-{amount}-{every}",
        )

    def begin(self, customer: str, price: str, *, trial_days: int = 0) -> Object:
        """Subscribe a customer without a page of ours, with a card that works."""
        card = payment_method(self.store, customer=customer, last4="4242")["id"]
        self.store.cards[card] = "pays"
        return subscribe(
            self.store,
            customer=customer,
            price=self.store.objects[price],
            trial_days=trial_days,
            payment_method=card,
            metadata={},
            missing="create_invoice",
            tax=False,
        )


def open_double(begun: int = BEGUN, origin: str = ORIGIN) -> Stripe:
    """Return a double of a new account, whose time begins at an instant."""
    judge = Judge()
    witness = judge.witness if SHARED.is_dir() else None
    double = Double(Store(now=begun), origin=origin, witness=witness)
    return Stripe(double, open_gateway(KEY, double.origin, InProcess(double)), judge)


@pytest_asyncio.fixture
async def stripe() -> AsyncIterator[Stripe]:
    """A double of a new account; what was said to it and by it is judged in the end."""
    made = open_double()
    yield made
    await made.gateway.close()
    if made.double.witness is not None:
        made.prove()
