"""Every page in a real browser: no error, no foreign request, no barrier, no sideways scrolling."""

import pytest
from playwright.async_api import Browser

from loyalty.bootstrap import Application
from loyalty.staff import first_link
from tests.admin.browsing import (
    CONSOLE_BUDGET,
    NARROW,
    OPPOSITES,
    WALLET_BUDGET,
    Watched,
    chromium,
    rules_for,
    served,
    signed_in,
    window,
)
from tests.admin.conftest import cause
from tests.admin.shop import Shop
from tests.support.api import mem
from tests.support.requirements import needs_chromium
from tests.support.waiting import until

__all__ = ["chromium", "served"]

pytestmark = [needs_chromium, pytest.mark.usefixtures("shop")]


@pytest.mark.parametrize("look", OPPOSITES)
async def test_every_page_of_the_console_is_sound(
    application: Application, served: str, chromium: Browser, shop: Shop, look: tuple[str, str]
) -> None:
    language, scheme = look
    async with window(chromium, language=language, scheme=scheme) as context:
        watched = Watched(await signed_in(context, application, served), served)
        watched.watch()
        await watched.open(f"/console/members/{shop.member}")
        journal = await watched.page.get_attribute("a[href*=journals]", "href")
        unsound: list[str] = []
        pages = (
            "/console",
            "/console/members",
            "/console/members?q=nobody",
            f"/console/members/{shop.member}",
            f"/console/members/{mem(shop.stranger)}",
            "/console/orders",
            "/console/orders?q=none",
            f"/console/orders/{shop.order}",
            "/console/rules",
            "/console/ladder",
            "/console/finance/trial-balance",
            "/console/finance/accounts/issued",
            "/console/finance/accounts/in-transit",
            str(journal),
            "/console/settings/policy",
            "/console/settings/keys",
            "/console/settings/staff",
        )
        for number, path in enumerate(pages):
            rules = rules_for(look, number)
            unsound += await watched.unsound(path, budget=CONSOLE_BUDGET, rules=rules)
        assert unsound == []
        assert await watched.page.get_attribute("html", "lang") == (
            "zh-Hans" if language == "zh" else "en"
        )


async def test_a_table_too_wide_for_a_telephone_is_scrolled_by_the_keyboard(
    application: Application, served: str, chromium: Browser, shop: Shop
) -> None:
    async with window(chromium) as context:
        watched = Watched(await signed_in(context, application, served), served)
        await watched.page.set_viewport_size(NARROW)
        await watched.open(f"/console/members/{shop.member}")

        assert {"Orders", "Lots"} <= set(await watched.cut_off())
        assert await watched.barriers() == []
        lots = watched.page.get_by_role("region", name="Lots")
        await lots.focus()
        await watched.page.keyboard.press("ArrowRight")

        async def is_scrolled() -> bool:
            return bool(await lots.evaluate("(each) => each.scrollLeft") > 0)

        await until(is_scrolled)
        assert await is_scrolled()


@pytest.mark.parametrize("look", OPPOSITES)
async def test_the_wallet_and_the_doors_are_sound(
    application: Application, served: str, chromium: Browser, shop: Shop, look: tuple[str, str]
) -> None:
    language, scheme = look
    link = await application.database.write(first_link, cause=cause(application))
    assert link is not None
    async with window(chromium, language=language, scheme=scheme) as context:
        watched = Watched(await context.new_page(), served)
        watched.watch()
        unsound: list[str] = []
        for path, status in (
            (shop.link, 200),
            ("/wallet", 200),
            ("/console/sign-in", 200),
            (link.path, 200),
            ("/console/nothing", 404),
        ):
            unsound += await watched.unsound(path, status=status, budget=WALLET_BUDGET)
    assert unsound == []


async def test_points_are_given_without_any_script(
    application: Application, served: str, chromium: Browser, shop: Shop
) -> None:
    async with window(chromium, scripts=False) as context:
        page = await signed_in(context, application, served)
        await page.goto(f"{served}/console/members/{shop.member}")
        await page.get_by_text("Give or take points").click()
        await page.fill("[name=amount]", "75")
        await page.get_by_role("button", name="Post the points").click()

        assert await page.get_by_role("status").inner_text() == (
            "The points were posted; the entry is at the top of the history."
        )
        assert await page.get_by_text("+75").count() == 1


async def test_a_form_with_a_mistake_leads_to_the_field_and_has_no_barrier(
    application: Application, served: str, chromium: Browser, shop: Shop
) -> None:
    async with window(chromium) as context:
        page = await signed_in(context, application, served)
        await page.goto(f"{served}/console/members/{shop.member}")
        await page.get_by_text("Give or take points").click()
        await page.fill("[name=amount]", "0")
        await page.get_by_role("button", name="Post the points").click()
        await page.wait_for_selector("[role=alert]")

        assert await Watched(page, served).barriers() == []
        assert await page.evaluate("document.activeElement.getAttribute('role')") == "alert"
        await page.click("[role=alert] a")
        assert await page.evaluate("document.activeElement.name") == "amount"


async def test_colours_and_language_are_remembered(
    application: Application, served: str, chromium: Browser
) -> None:
    async with window(chromium) as context:
        page = await signed_in(context, application, served)
        await page.click("a[data-theme-choice=dark]")
        assert await page.get_attribute("html", "data-theme") == "dark"
        await page.get_by_role("link", name="中文").click()
        await page.goto(f"{served}/console/orders")

        assert await page.get_attribute("html", "data-theme") == "dark"
        assert await page.get_attribute("html", "lang") == "zh-Hans"


async def test_the_keyboard_reaches_the_content_first(
    application: Application, served: str, chromium: Browser
) -> None:
    async with window(chromium) as context:
        page = await signed_in(context, application, served)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")

        assert await page.evaluate("document.activeElement.id") == "main"
