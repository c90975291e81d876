"""A paid membership from joining to its refund: on Stripe's pages, in the wallet and the console.

The whole way, with the double in this process: pages, webhooks, the inbox, deeds through the API.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest_asyncio
from pydantic import SecretStr

from admin.joining import CONSENT, RENEWS, TRIAL, WITHDRAWAL
from loyalty.billing.catalogue import keep_in_step
from loyalty.billing.connecting import Billing
from loyalty.billing.inbox import handle_events
from loyalty.bootstrap import Application
from loyalty.clock import Clock
from loyalty.database import Database
from loyalty.demo.plans import CLUB, PLAN_RULE, PLUS, find_newcomer
from loyalty.membership.store import latest_membership
from loyalty.membership.upkeep import keep_memberships
from loyalty.plans.publishing import open_plan
from loyalty.rules import draft_rule, publish_rules
from loyalty.settings import DOUBLE_KEY
from loyalty.staff import Role
from tests.admin.conftest import Visitor, browser, cause, seat
from tests.admin.shop import Shop, wallet_link
from tests.api.test_stripe_webhook import PATH, served
from tests.loyalty.billing.building import Stripe, open_double
from tests.support.api import Caller, Web, application_over
from tests.support.stripe_double import pages
from tests.support.stripe_double.passing import advance
from tests.support.stripe_double.shapes import webhook_endpoint
from tests.support.stripe_double.store import DAY
from tests.support.stripe_double.telling import Switches, deliver

OWN = "/wallet/membership"
SECRET = "whsec_double_we_00000001"
MONTH = 31 * DAY + 7_200
CART = {
    "currency": "USD",
    "lines": [{"line_id": "1", "sku": "A-1", "quantity": 1, "unit_price": 900}],
    "shipping": {"method": "standard", "price": 590},
}


@dataclass(slots=True)
class Story:
    """A shop that bills by the double, and a member of it."""

    application: Application
    web: Web
    shop: Shop
    stripe: Stripe
    hooks: httpx.AsyncClient

    async def passes(self, seconds: int = 0) -> None:
        """Let time pass at Stripe, here too, and what Stripe tells of it come in."""
        store, clock = self.stripe.store, self.application.clock
        here = clock.now() - clock.following
        advance(store, max(store.now + seconds, int(here.timestamp())))
        clock.follow(datetime.fromtimestamp(store.now, UTC) - here)

        async def post(_: str, body: bytes, header: str) -> int:
            sent = {"Stripe-Signature": header}
            return (await self.hooks.post(PATH, content=body, headers=sent)).status_code

        await deliver(store, post, Switches(), at=store.now)
        await handle_events(self.application, cause(self.application))
        await keep_memberships(self.application, cause(self.application))

    async def shipping(self) -> int:
        """What shipping costs the member with the next quote."""
        shop = await self.web.caller("checkout")
        asked = {"member": self.shop.member, "order": CART}
        answer = await shop.post("/v1/checkout/quotes", asked)
        assert answer.status_code == 200, answer.text
        total: int = answer.json()["shipping"]["total"]
        return total

    @asynccontextmanager
    async def wallet(self) -> AsyncIterator[Visitor]:
        """The member's wallet, entered anew."""
        async with browser(self.web) as client:
            visitor = Visitor(client)
            await visitor.get(wallet_link(self.application, self.shop.regular))
            yield visitor

    async def joins(self, **told: str) -> httpx.Response:
        """Join from the wallet on the double's page; the page to which one comes back."""
        async with self.wallet() as wallet:
            form = {"plan": "plus", "price": "monthly", "agreed": "yes", **told}
            join = f"{OWN}/join"
            sent = await wallet.send(join, form, at=f"{join}?plan=plus&price=monthly")
            assert sent.status_code == 303, sent.text
            back = self.press(sent.headers["location"], "pays")
            return await wallet.follow(await wallet.get(urlsplit(back).path))

    def press(self, address: str, button: str) -> str:
        """Press a button of a page of the double's, and say where it leads."""
        form = {"do": button}
        _, away = pages.page(self.stripe.store, "POST", urlsplit(address).path, form)
        return away or ""

    async def cards(self, button: str) -> None:
        """Go from the wallet to the page of cards, and press a button there."""
        async with self.wallet() as wallet:
            sent = await wallet.send(f"{OWN}/cards", {}, at=OWN)
            assert sent.status_code == 303, sent.text
            self.press(sent.headers["location"], button)
        await self.passes()

    async def shown(self) -> str:
        """What the wallet says of the membership."""
        async with self.wallet() as wallet:
            return (await wallet.get(OWN)).text

    async def asks(self, caller: Caller, deed: str, body: object) -> dict[str, Any]:
        """Ask something of the membership through the API."""
        path = f"/v1/members/{self.shop.member}/membership"
        held = (await caller.get(path)).json()["membership"]
        answer = await caller.post(f"/v1/memberships/{held['id']}/{deed}", body)
        assert answer.status_code == 200, answer.text
        answered: dict[str, Any] = answer.json()
        return answered


@pytest_asyncio.fixture
async def stripe(database: Database) -> AsyncIterator[Stripe]:
    """A double whose time begins now; other tests judge its words by Stripe's schemas."""
    clock = Clock()
    async with database.read() as connection:
        await clock.measure(connection)
    made = open_double(int(clock.now().timestamp()))
    made.double.witness = None
    yield made
    await made.gateway.close()


@pytest_asyncio.fixture
async def application(database: Database, stripe: Stripe) -> Application:
    """The application beside the double."""
    made, clock = await application_over(database), Clock(may_follow=True)
    async with database.read() as connection:
        await clock.measure(connection)
    told = {"stripe_api_base": stripe.double.origin, "stripe_api_key": SecretStr(DOUBLE_KEY)}
    billing = Billing(gateway=stripe.gateway, secrets=(SECRET,), doubled=True)
    settings = made.settings.model_copy(update=told)
    return replace(made, clock=clock, billing=billing, settings=settings)


@pytest_asyncio.fixture
async def story(
    application: Application, web: Web, shop: Shop, stripe: Stripe
) -> AsyncIterator[Story]:
    """The plans and the rule of the demo, in a shop beside the double."""
    because = cause(application)
    for plan in (PLUS, CLUB):
        await application.database.write(open_plan, because, plan)
    rule = await application.database.write(draft_rule, because, PLAN_RULE)
    await application.database.write(publish_rules, because, [(rule.rule, rule.version)])
    await keep_in_step(application, because)
    hook = webhook_endpoint(stripe.store, url=f"http://loyalty.test{PATH}", events=["*"])
    stripe.store.secrets[hook["id"]] = SECRET
    async with served(application) as hooks:
        yield Story(application, web, shop, stripe, hooks)


async def test_a_member_joins_at_stripe_renews_fails_mends_cancels_and_is_refunded(
    story: Story,
) -> None:
    assert await story.shipping() == 590
    await _joins_without_a_trial(story)
    assert await story.shipping() == 0

    await story.passes(MONTH)
    assert "you have paid $19.98 for it" in await _front(story)
    await story.cards("card-declined")
    await story.passes(MONTH)
    assert "Payment is due" in await story.shown()
    assert "unless it is paid" in await story.shown()
    assert await story.shipping() == 0
    await story.cards("card-pays")
    assert "Active" in await story.shown()
    assert "$29.97" in await story.shown()

    await _changes_its_mind(story)
    checkout = await story.web.caller("checkout")
    left = await story.asks(checkout, "cancel", {"when": "now"})
    assert left["membership"]["state"] == "ended"
    assert sum(each["net"] + each["tax"] for each in left["due"]) > 0
    await story.passes(1)
    assert await story.shipping() == 590
    await _console_tells_it(story)


async def _joins_without_a_trial(story: Story) -> None:
    join = f"{OWN}/join"
    async with story.wallet() as wallet:
        offered = (await wallet.get(OWN)).text
        asked = await wallet.get(join, plan="plus", price="monthly")
        club = await wallet.get(join, plan="club", price="monthly")
        form = {"plan": "plus", "price": "monthly"}
        silent = await wallet.send(join, form, at=f"{join}?plan=plus&price=monthly")

    assert "in the shop" in offered
    assert "/wallet/membership/join?plan=plus&amp;price=yearly" in offered
    assert "plan=club" not in offered
    assert "Text wallet-joining, version 1" in asked.text
    assert "$9.99 a month, tax included" in asked.text
    origin = story.stripe.double.origin
    assert f"form-action 'self' {origin};" in asked.headers["content-security-policy"]
    assert club.status_code == 404
    assert silent.status_code == 422
    assert "Please agree to the text first." in silent.text

    joined = await story.joins()
    assert "You have joined." in joined.text
    assert "renews on" in joined.text
    await story.passes(1)
    async with story.application.database.read() as connection:
        row = await latest_membership(connection, story.shop.regular.id)
        newcomer = await find_newcomer(connection, story.application.clock.now())
    assert newcomer == story.shop.regular.id
    assert row is not None
    assert row.consent is not None
    assert (row.consent.text, row.consent.version) == CONSENT


async def _changes_its_mind(story: Story) -> None:
    checkout = await story.web.caller("checkout")
    later = await story.asks(checkout, "change", {"price": "yearly"})
    async with story.wallet() as wallet:
        cancelled = await wallet.follow(await wallet.send(f"{OWN}/cancel", {}, at=OWN))
    undone = await story.asks(checkout, "undo-cancel", {})

    assert later["membership"]["next_price"] == "yearly"
    assert "Keep my membership" in cancelled.text
    assert undone["membership"]["cancel_at"] is None


async def _console_tells_it(story: Story) -> None:
    held = await _held(story)
    async with browser(story.web) as client:
        staff = await seat(story.application, client, "f@example.com", {Role.ADMIN, Role.FINANCE})
        seen = (await staff.get(f"/console/memberships/{held['id']}")).text
    for words in (
        "Paid for the first time",
        "Renewed",
        "A payment failed or did not come",
        "Paid after all",
        "Changes its price at the end of the period",
        "Cancelled for the end of the period",
        "Goes on after all",
        "Cancelled at once",
        "Money was given back",
    ):
        assert words in seen, words


async def test_who_joined_may_withdraw_and_come_back_without_another_trial(story: Story) -> None:
    trial = await story.joins(trial="yes")
    assert "On trial" in trial.text
    await story.passes(14 * DAY + 7_200)
    assert (await _held(story))["state"] == "active"
    await story.passes(DAY)
    checkout = await story.web.caller("checkout")
    await story.asks(checkout, "cancel", {"when": "now"})
    async with story.wallet() as wallet:
        again = (await wallet.get(f"{OWN}/join", plan="plus", price="yearly")).text
    await story.joins()
    withdrawn = await story.asks(checkout, "withdraw", {})

    assert "trial" not in again.lower()
    assert withdrawn["membership"]["end_cause"] == "withdrawn"
    assert [each["net"] + each["tax"] for each in withdrawn["due"]] == [999]
    assert await story.shipping() == 590


def test_the_text_that_members_agree_to_has_a_new_version_where_a_word_of_it_changes() -> None:
    words = f"{RENEWS}\n{TRIAL}\n{WITHDRAWAL}".encode()

    assert (CONSENT, sha256(words).hexdigest()[:12]) == (("wallet-joining", "1"), "323ec719ce4a")


async def _held(story: Story) -> dict[str, Any]:
    checkout = await story.web.caller("checkout")
    answer = await checkout.get(f"/v1/members/{story.shop.member}/membership")
    assert answer.status_code == 200, answer.text
    held: dict[str, Any] = answer.json()["membership"]
    return held


async def _front(story: Story) -> str:
    async with story.wallet() as wallet:
        return (await wallet.get("/wallet")).text
