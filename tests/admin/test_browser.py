"""Every page in a real browser: no error, no foreign request, no barrier, no sideways scrolling."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from granian.constants import Interfaces
from granian.server.embed import Server
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Response,
    ViewportSize,
    async_playwright,
)

from loyalty.bootstrap import Application
from loyalty.staff import first_link
from tests.admin.conftest import PASSWORD, cause
from tests.admin.shop import Shop
from tests.support.api import Web, mem
from tests.support.requirements import chromium_path, needs_chromium

pytestmark = [needs_chromium, pytest.mark.usefixtures("shop")]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOOKS = [("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark")]
CONSOLE_BUDGET = 60_000
WALLET_BUDGET = 35_000
NARROW: ViewportSize = {"width": 320, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}


@dataclass
class Watched:
    """A page and everything about it that ought not to be."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)
    weight: int = 0
    weighing: list[Response] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda message: self._console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("response", self._response)
        self.page.on("request", lambda request: self._request(request.url))

    async def open(self, path: str, *, status: int = 200) -> None:
        self.wrong.clear()
        self.weighing.clear()
        answer = await self.page.goto(self.base + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, path
        self.weight = 0
        for response in self.weighing:
            sizes = await response.request.sizes()
            self.weight += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    async def barriers(self) -> list[str]:
        found = await Axe().run(self.page)
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]

    async def overhang(self) -> int:
        """How far the page reaches beyond a narrow window."""
        await self.page.set_viewport_size(NARROW)
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        await self.page.set_viewport_size(WIDE)
        return int(width) - NARROW["width"]

    async def cut_off(self) -> list[str]:
        """The tables that are wider than the card they stand in."""
        found: list[str] = await self.page.evaluate(
            "[...document.querySelectorAll('.scroll')]"
            ".filter((each) => each.scrollWidth > each.clientWidth)"
            ".map((each) => each.getAttribute('aria-label'))"
        )
        return found

    def _response(self, response: Response) -> None:
        self.weighing.append(response)

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "status of 404" not in text:
            self.wrong.append(text)

    def _request(self, url: str) -> None:
        if not url.startswith(self.base):
            self.wrong.append(f"foreign request: {urlsplit(url).netloc}")


@pytest_asyncio.fixture
async def served(web: Web) -> AsyncIterator[str]:
    """The application on a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(web.app, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    serving = asyncio.create_task(server.serve())
    await _listening(port)
    yield f"http://127.0.0.1:{port}"
    stop: Callable[[], None] = server.stop
    stop()
    await serving


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    """The distribution's browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=list(ARGUMENTS)
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def window(
    chromium: Browser,
    *,
    language: str = "en",
    scheme: str = "light",
    scripts: bool = True,
) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(
        locale={"en": "en-US", "zh": "zh-CN"}[language],
        color_scheme="dark" if scheme == "dark" else "light",
        viewport=WIDE,
        java_script_enabled=scripts,
    )
    yield context
    await context.close()


async def signed_in(context: BrowserContext, application: Application, base: str) -> Page:
    """Take the first seat as a person would."""
    link = await application.database.write(first_link, cause=cause(application))
    assert link is not None
    page = await context.new_page()
    await page.goto(base + link.path)
    await page.fill("[name=name]", "Ada Brooks")
    await page.fill("[name=email]", "ada@example.com")
    await page.fill("[name=password]", PASSWORD)
    await page.fill("[name=password_again]", PASSWORD)
    await page.click("main button")
    await page.wait_for_url(base + "/console")
    return page


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_of_the_console_is_sound(
    application: Application, served: str, chromium: Browser, shop: Shop, look: tuple[str, str]
) -> None:
    language, scheme = look
    async with window(chromium, language=language, scheme=scheme) as context:
        watched = Watched(await signed_in(context, application, served), served)
        watched.watch()
        await watched.open(f"/console/members/{shop.member}")
        journal = await watched.page.get_attribute("a[href*=journals]", "href")
        for path in (
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
        ):
            await watched.open(path)

            assert await watched.barriers() == [], path
            assert await watched.cut_off() == [], path
            assert await watched.overhang() <= 0, path
            assert watched.wrong == [], path
            assert watched.weight <= CONSOLE_BUDGET, (path, watched.weight)
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
        for _ in range(100):
            if await lots.evaluate("(each) => each.scrollLeft") > 0:
                break
            await asyncio.sleep(0.02)
        assert await lots.evaluate("(each) => each.scrollLeft") > 0


@pytest.mark.parametrize("look", LOOKS)
async def test_the_wallet_and_the_doors_are_sound(
    application: Application, served: str, chromium: Browser, shop: Shop, look: tuple[str, str]
) -> None:
    language, scheme = look
    link = await application.database.write(first_link, cause=cause(application))
    assert link is not None
    async with window(chromium, language=language, scheme=scheme) as context:
        watched = Watched(await context.new_page(), served)
        watched.watch()
        for path, status in (
            (shop.link, 200),
            ("/wallet", 200),
            ("/console/sign-in", 200),
            (link.path, 200),
            ("/console/nothing", 404),
        ):
            await watched.open(path, status=status)

            assert await watched.barriers() == [], path
            assert await watched.overhang() <= 0, path
            assert watched.wrong == [], path
            assert watched.weight <= WALLET_BUDGET, (path, watched.weight)


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


async def _listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    message = f"nothing listens on {port}"
    raise AssertionError(message)
