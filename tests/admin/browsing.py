"""A page in a real browser, watched: errors, foreign requests, barriers, weight, width."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

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
from tests.support.api import Web
from tests.support.ports import free_port
from tests.support.requirements import chromium_path, proving
from tests.support.waiting import until

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
OPPOSITES = [LOOKS[0], LOOKS[-1]]
"""Both languages and both colour schemes in half as many visits; they do not touch each other."""
COLOURS = ("color-contrast",)
"""The rules that look at what a colour scheme changes."""
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
    narrow: bool = False
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

    async def unsound(
        self, path: str, *, budget: int, status: int = 200, rules: Sequence[str] = ()
    ) -> list[str]:
        """Open a page and name all that is wrong with it, in a wide window and in a narrow one.

        The window stays as it is after the second, which is the first for the page that follows.
        """
        await self.open(path, status=status)
        found = await self._found(rules)
        self.narrow = not self.narrow
        await self.page.set_viewport_size(NARROW if self.narrow else WIDE)
        found |= await self._found(rules)
        found |= {"errors": list(self.wrong), "too heavy": max(self.weight - budget, 0)}
        return [f"{path}: {name} {what}" for name, what in found.items() if what]

    async def _found(self, rules: Sequence[str]) -> dict[str, object]:
        if self.narrow:
            return {"overhang": await self.overhang()}
        return {"barriers": await self.barriers(rules), "cut off": await self.cut_off()}

    async def barriers(self, rules: Sequence[str] = ()) -> list[str]:
        """What stands in somebody's way, by all rules or by those named."""
        options: dict[str, object] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        found = await Axe().run(self.page, options=options)
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]

    async def overhang(self) -> int:
        """How far the page reaches beyond its window, which is narrow."""
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        return max(int(width) - NARROW["width"], 0)

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


def rules_for(look: tuple[str, str], number: int) -> Sequence[str]:
    """The rules that a page is held to in a look: all of them in one look at least, and in full
    runs in each; in the others those of colours.
    """
    return () if proving() or (OPPOSITES.index(look) + number) % 2 == 0 else COLOURS


@pytest_asyncio.fixture
async def served(web: Web) -> AsyncIterator[str]:
    """The application on a port of this machine."""
    async with serving(web.app, free_port()) as base:
        yield base


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[str]:
    """An ASGI application on a port of this machine; where it is reached."""
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    running = asyncio.create_task(server.serve())
    await _listening(port)
    yield f"http://127.0.0.1:{port}"
    stop: Callable[[], None] = server.stop
    stop()
    await running


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The distribution's browser; each window in it has cookies and a cache of its own."""
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


async def _listening(port: int) -> None:
    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    await until(answers)
