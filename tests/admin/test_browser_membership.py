"""A paid membership, clicked through in a real browser: wallet, the double's pages, console, books.

The double listens beside the application, as in `make demo STRIPE=double`; what it tells comes in
and time passes as the story of `test_paid_membership` lets it.
"""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from loyalty.clock import Clock
from loyalty.database import Database
from tests.admin.browsing import chromium, served, serving, signed_in, window
from tests.admin.shop import wallet_link
from tests.admin.test_paid_membership import MONTH, Story, application, story
from tests.loyalty.billing.building import Stripe, open_double
from tests.support.ports import free_port
from tests.support.requirements import needs_chromium

__all__ = ["application", "chromium", "served", "story"]

pytestmark = needs_chromium
expect.set_options(timeout=60_000)  # of a busy machine
CONSOLE = "/console/memberships"


@pytest_asyncio.fixture
async def stripe(database: Database) -> AsyncIterator[Stripe]:
    """A double whose time begins now, and whose pages a browser can open."""
    clock, port = Clock(), free_port()
    async with database.read() as connection:
        await clock.measure(connection)
    made = open_double(int(clock.now().timestamp()), f"http://127.0.0.1:{port}")
    made.double.witness = None
    async with serving(made.double, port):
        yield made
    await made.gateway.close()


async def test_a_paid_membership_is_clicked_through_from_joining_to_its_refund(
    story: Story, served: str, chromium: Browser
) -> None:
    async with window(chromium) as context:
        wallet = await context.new_page()
        await _enters(story, wallet, served)
        await _joins(story, wallet)
        await _renews_fails_and_is_mended(story, wallet, served)
        await _changes_its_mind(story, wallet)
    async with window(chromium) as context:
        console = await signed_in(context, story.application, served)
        await _is_ended_and_refunded(story, console, served)
        await _stands_in_the_books(console, served)
    async with window(chromium) as context:
        wallet = await context.new_page()
        await _enters(story, wallet, served)
        await wallet.get_by_role("link", name="Look at it, or join again").click()
        await expect(wallet.locator("main .state")).to_have_text("Ended")
        back = wallet.get_by_role("row", name="Money was given back")
        await expect(back).to_contain_text("\N{MINUS SIGN}$9.99")


async def _enters(story: Story, wallet: Page, served: str) -> None:
    await wallet.goto(served + wallet_link(story.application, story.shop.regular))


async def _joins(story: Story, wallet: Page) -> None:
    assert await story.shipping() == 590
    await wallet.get_by_role("link", name="What you can join").click()
    await wallet.get_by_role("link", name="Join Plus: $9.99 a month").click()
    await wallet.get_by_label("Begin with a trial").uncheck()
    await wallet.get_by_label("I agree to this").check()
    await wallet.get_by_role("button", name="Go on to pay").click()
    await expect(wallet.get_by_text("No money moves.")).to_be_visible()
    await expect(wallet.get_by_text("9.99 USD each month")).to_be_visible()
    await wallet.get_by_role("button", name="The card is declined").click()
    await expect(wallet.get_by_role("alert")).to_have_text("Your card was declined.")
    await wallet.get_by_role("button", name="Pay: the card works (").click()
    await expect(wallet.get_by_role("status")).to_have_text("You have joined.")
    await expect(wallet.get_by_text("renews on")).to_be_visible()
    await story.passes(1)
    assert await story.shipping() == 0
    await wallet.get_by_role("link", name="Back to the wallet").click()
    given = wallet.get_by_role("row", name="Given for joining a plan")
    await expect(given).to_contain_text("+200")


async def _renews_fails_and_is_mended(story: Story, wallet: Page, served: str) -> None:
    await story.passes(MONTH)
    await _enters(story, wallet, served)
    await expect(wallet.get_by_text("you have paid $19.98 for it")).to_be_visible()
    await _card(wallet, "Use a card that is declined")
    await story.passes(MONTH)
    await _enters(story, wallet, served)
    await expect(wallet.get_by_text("Payment is due")).to_be_visible()
    await expect(wallet.get_by_text("unless it is paid")).to_be_visible()
    assert await story.shipping() == 0
    await _card(wallet, "Use a card that works")
    await expect(wallet.get_by_text("Active", exact=True)).to_be_visible()
    await expect(wallet.get_by_text("$29.97")).to_be_visible()


async def _card(wallet: Page, button: str) -> None:
    """Go from the wallet to the page of cards, take another one, and come back."""
    await wallet.get_by_role("link", name="Look at it, change it or cancel it").click()
    await wallet.get_by_role("button", name="Go to cards and invoices").click()
    await expect(wallet.get_by_text("No money moves.")).to_be_visible()
    await wallet.get_by_role("button", name=button).click()
    await wallet.get_by_role("link", name="Back").click()
    await expect(wallet.get_by_role("heading", name="My membership")).to_be_visible()


async def _changes_its_mind(story: Story, wallet: Page) -> None:
    await wallet.get_by_role("button", name="Cancel my membership").click()
    await expect(wallet.get_by_text("Cancelled, paid until its end")).to_be_visible()
    assert await story.shipping() == 0
    await wallet.get_by_role("button", name="Keep my membership").click()
    await expect(wallet.get_by_text("Active", exact=True)).to_be_visible()


async def _is_ended_and_refunded(story: Story, console: Page, served: str) -> None:
    await console.goto(served + CONSOLE)
    await console.locator(f'a[href^="{CONSOLE}/mbs_"]').click()
    await console.get_by_role("button", name="End the membership now").click()
    await story.passes(1)
    await console.reload()
    for words in (
        "Paid for the first time",
        "Renewed",
        "A payment failed or did not come",
        "Paid after all",
        "Cancelled for the end of the period",
        "Goes on after all",
        "Cancelled at once",
        "Money was given back",
    ):
        await expect(console.get_by_role("listitem").filter(has_text=words)).to_be_visible()
    assert await story.shipping() == 590


async def _stands_in_the_books(console: Page, served: str) -> None:
    await console.goto(f"{served}/console/finance/fees")
    await expect(console.locator("main")).to_contain_text("29.97")
    await console.goto(f"{served}/console/stripe")
    await expect(console.get_by_text("It is a double of Stripe that answers")).to_be_visible()
    await expect(console.get_by_text("invoice.payment_failed").first).to_be_visible()
