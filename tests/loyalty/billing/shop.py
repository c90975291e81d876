"""A programme that bills by the double: the application over both, a plan, and members who join."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from pydantic import SecretStr

from loyalty.billing.catalogue import keep_in_step
from loyalty.billing.connecting import Billing
from loyalty.billing.hints import Hint, read_event
from loyalty.billing.pages import Wanted, open_page
from loyalty.billing.syncing import sync
from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.clock import Clock
from loyalty.database import Database
from loyalty.ids import new_id
from loyalty.members import Joining, Member, join
from loyalty.membership.store import by_reference
from loyalty.membership.types import Consent, Membership
from loyalty.plans.publishing import open_plan
from loyalty.plans.types import NewPlan, NewPrice
from loyalty.settings import Settings
from tests.loyalty.billing.building import Stripe, open_double
from tests.support.api import application_over
from tests.support.database import Clone
from tests.support.stripe_double import pages
from tests.support.stripe_double.store import Object

SECRETS = ("whsec_double_we_00000001",)
ASKED_FIRST = 4
"""Calls before who leaves is ended: the subscription, what was paid, and what went back of it."""
PLAN = NewPlan(
    code="plus",
    titles={"en": "Plus"},
    prices=(
        NewPrice(code="monthly", every="month", amount=1_000),
        NewPrice(code="yearly", every="year", amount=10_000),
        NewPrice(code="lite", every="month", amount=600),
    ),
    adapter="stripe",
    trial_days=14,
    grace_days=10,
    bonus_points=100,
)


@dataclass(slots=True)
class Shop:
    """A programme beside a double. Time is the double's, handed in."""

    application: Application
    stripe: Stripe

    @property
    def at(self) -> datetime:
        """The instant at which the double is."""
        return datetime.fromtimestamp(self.stripe.store.now, UTC)

    def cause(self, later: timedelta = timedelta(0)) -> Cause:
        """Return a cause of now, or of a little later."""
        return Cause(at=self.at + later, actor=SYSTEM, request_id="test")

    async def member(self, **told: Any) -> Member:
        """Return a new member."""
        return await self.application.database.write(join, self.cause(), Joining(**told))

    async def opened(
        self,
        whose: Member,
        price: str = "monthly",
        *,
        trial: bool = False,
        checkout: UUID | None = None,
    ) -> tuple[UUID, Object]:
        """Open a page on which a member joins; return our id of it and the double's own page."""
        checkout = checkout or new_id(self.at)
        page = await open_page(
            self.application,
            self.cause(),
            whose,
            checkout,
            Wanted(
                plan="plus",
                price=price,
                trial=trial,
                consent=Consent("plus-terms", "3", self.at),
                success_url="https://shop.test/joined",
                cancel_url="https://shop.test/plus",
            ),
        )
        assert page.url is not None
        return checkout, self.stripe.store.objects[page.url.rpartition("/")[2]]

    async def joined(self, whose: Member, price: str = "monthly", *, trial: bool = False) -> Object:
        """Return the subscription of a member who joined with a card that works."""
        _, page = await self.opened(whose, price, trial=trial)
        return pages.complete(self.stripe.store, page)

    async def membership(self, subscription: str) -> Membership | None:
        """Return the membership as our row has it."""
        async with self.application.database.read() as connection:
            return await by_reference(connection, "stripe", subscription)

    def hints(self, since: int = 0) -> Sequence[Hint]:
        """Return what was told since, as a webhook would bring it."""
        told = [read_event(each, livemode=False) for each in self.stripe.store.events[since:]]
        return [each for each in told if each.matters]


async def joined(shop: Shop, price: str = "monthly") -> tuple[Object, Membership]:
    """Return a subscription and the membership that it is here."""
    made = await shop.joined(await shop.member(), price)
    await sync(shop.application, shop.cause(), made["id"])
    return made, await row_of(shop, made)


async def row_of(shop: Shop, made: Object) -> Membership:
    """Return the membership as it stands."""
    found = await shop.membership(made["id"])
    assert found is not None
    return found


@pytest_asyncio.fixture
async def shop(database: Database, clone: Clone) -> AsyncIterator[Shop]:
    """A programme whose plan is at the double."""
    stripe = open_double()
    made, clock = await application_over(database), Clock(may_follow=True)
    async with database.read() as connection:
        await clock.measure(connection)
    billing = Billing(gateway=stripe.gateway, secrets=SECRETS, doubled=True)
    url = SecretStr(clone.application.render_as_string(hide_password=False))
    settings = Settings(database_url=url)
    shop = Shop(replace(made, billing=billing, clock=clock, settings=settings), stripe)
    await database.write(open_plan, shop.cause(), PLAN)
    await keep_in_step(shop.application, shop.cause())
    yield shop
    await stripe.gateway.close()
    if stripe.double.witness is not None:
        stripe.prove()
