"""A console on a committing clone, visitors with cookies of their own, and staff who signed in."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.staff import Role, add_person, first_link, link_for, passwords
from tests.admin.shop import Shop, open_shop, wallet_link
from tests.support.api import Web, application, application_over, web, web_over
from tests.support.database import Cluster

__all__ = ["admin", "application", "clerk", "finance", "shop", "visitor", "web"]

HERE = "http://127.0.0.1:8000"
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id with the least work, so that many sign-ins take no time."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)


@dataclass
class Visitor:
    """A browser of a test: keeps cookies, follows one redirect when asked, sends whole forms."""

    client: httpx.AsyncClient
    seen: httpx.Response | None = field(default=None)

    async def get(self, path: str, **query: str) -> httpx.Response:
        self.seen = await self.client.get(path, params=query or None)
        return self.seen

    async def send(
        self,
        path: str,
        values: Mapping[str, str | list[str]],
        *,
        origin: str | None = HERE,
        site: str | None = "same-origin",
        fresh: bool = True,
        at: str | None = None,
        of: str | None = None,
    ) -> httpx.Response:
        """Fill in the form of a page: its hidden fields are read from the page first.

        ``of`` is where that form goes when it is not where this is sent.
        """
        if fresh:
            await self.get(at or path)
        hidden = {} if self.seen is None else _hidden(self.seen.text, of or path)
        headers = {}
        if origin:
            headers["origin"] = origin
        if site:
            headers["sec-fetch-site"] = site
        answer = await self.client.post(path, data={**hidden, **values}, headers=headers)
        if answer.status_code != 303:
            self.seen = answer
        return answer

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code == 303, answer.text
        return await self.get(answer.headers["location"])


def _hidden(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes to an address, or of the only one without any."""
    for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
        head = form[: form.index(">")]
        target = re.search(r'action="([^"]*)"', head)
        if 'method="post"' in head and (target is None or target[1] == urlsplit(action).path):
            pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
            return {name: unescape(value) for name, value in pairs}
    return {}


@pytest_asyncio.fixture
async def visitor(web: Web) -> AsyncIterator[Visitor]:
    async with browser(web) as client:
        yield Visitor(client)


@dataclass(frozen=True, slots=True)
class Opened:
    """A database with the shop in it, to be cloned, and the shop."""

    name: str
    shop: Shop


@pytest_asyncio.fixture(scope="session")
async def opened(cluster: Cluster) -> AsyncIterator[Opened]:
    with cluster.cloned() as clone:
        database = Database.at(clone.application, pool_size=5)
        application = await application_over(database)
        async with web_over(application) as web:
            shop = await open_shop(application, web)
        await database.dispose()
        yield Opened(clone.name, shop)


@pytest.fixture
def shop(opened: Opened, application: Application, web: Web) -> Shop:
    """The shop in the test's own database; the link into a wallet is new."""
    return replace(opened.shop, link=wallet_link(application, opened.shop.regular))


def browser(web: Web) -> httpx.AsyncClient:
    """A new browser, with cookies of its own."""
    transport = httpx.ASGITransport(app=cast("Any", web.app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HERE)


def cause(application: Application) -> Cause:
    return Cause(application.clock.now(), SYSTEM, "test")


@pytest_asyncio.fixture
async def admin(application: Application, visitor: Visitor) -> Visitor:
    """The first person of the console, with both roles, signed in."""
    link = await application.database.write(first_link, cause=cause(application))
    assert link is not None
    answer = await visitor.send(
        link.path,
        {
            "name": "Ada",
            "email": "ada@example.com",
            "password": PASSWORD,
            "password_again": PASSWORD,
        },
    )
    await visitor.follow(answer)
    return visitor


@pytest_asyncio.fixture
async def finance(application: Application, web: Web, admin: Visitor) -> AsyncIterator[Visitor]:
    """A person with the finance role only, signed in with a browser of their own."""
    async with browser(web) as client:
        yield await seat(application, client, "finn@example.com", {Role.FINANCE})


@pytest_asyncio.fixture
async def clerk(application: Application, web: Web, admin: Visitor) -> AsyncIterator[Visitor]:
    """A person with the administration role only."""
    async with browser(web) as client:
        yield await seat(application, client, "cleo@example.com", {Role.ADMIN})


async def seat(
    application: Application, client: httpx.AsyncClient, email: str, roles: set[Role]
) -> Visitor:
    because = cause(application)
    person = await application.database.write(
        add_person, email=email, name=email.split("@", maxsplit=1)[0], roles=roles, cause=because
    )
    link = await application.database.write(link_for, person, cause=because)
    visitor = Visitor(client)
    answer = await visitor.send(link.path, {"password": PASSWORD, "password_again": PASSWORD})
    assert answer.status_code == 303, answer.text
    return visitor
