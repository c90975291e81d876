"""The real web application over a clone of the migrated database, and a client for each role.

A test module imports the fixtures it needs: `application`, `web`, `checkout`, `admin`, `finance`.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio
from litestar import Litestar
from pydantic import SecretStr

from api.app import create_app, warm
from loyalty.bootstrap import Application, build
from loyalty.cause import SYSTEM, Cause
from loyalty.checkout.gathering import Snapshots
from loyalty.checkout.programme import Programme
from loyalty.clock import Clock
from loyalty.database import Database
from loyalty.ids import show
from loyalty.keys import Keys, Role, create_key
from loyalty.members import Joining, Member, join
from loyalty.policy import Policies
from loyalty.settings import Settings
from loyalty.signing import Signing

_NUMBERS = count(1)


@dataclass(slots=True)
class Caller:
    """Calls the API with one key; every write gets a fresh idempotency key unless told."""

    client: httpx.AsyncClient
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        """Read."""
        return await self.client.get(path, params=query or None, headers=self._headers())

    async def post(
        self, path: str, body: object, *, key: str | None = "fresh", **headers: str
    ) -> httpx.Response:
        """Write with an idempotency key; None sends none."""
        return await self._send("POST", path, body, key, headers)

    async def patch(
        self, path: str, body: object, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """Change."""
        return await self._send("PATCH", path, body, key, headers)

    async def put(self, path: str, body: object, *, key: str | None = None) -> httpx.Response:
        """Replace something."""
        return await self._send("PUT", path, body, key, {})

    async def delete(self, path: str, *, key: str | None = None) -> httpx.Response:
        """End."""
        return await self._send("DELETE", path, None, key, {})

    async def _send(
        self, method: str, path: str, body: object, key: str | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **self._headers(), **headers}
        if key is not None:
            given["Idempotency-Key"] = f"test-{next(_NUMBERS)}" if key == "fresh" else key
        sent = None if body is None else content
        return await self.client.request(method, path, content=sent, headers=given)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **self.headers}


@dataclass(slots=True)
class Web:
    """The served application and how to become somebody."""

    app: Litestar
    application: Application
    client: httpx.AsyncClient

    def cause(self) -> Cause:
        """Return a cause of now."""
        return Cause(at=self.application.clock.now(), actor=SYSTEM, request_id="test")

    async def caller(self, role: Role, member: UUID | None = None) -> Caller:
        """Return a caller with a new key of the role."""
        _, text = await self.application.database.write(
            create_key,
            self.cause(),
            role=role,
            label=f"test {role}",
            member=member,
            lives=timedelta(days=1),
        )
        return Caller(self.client, text)

    async def joined(self, **joining: Any) -> Member:
        """Return a new member."""
        return await self.application.database.write(join, self.cause(), Joining(**joining))


def mem(member: Member) -> str:
    """Show a member's id as the API does."""
    return show("mem", member.id)


@pytest_asyncio.fixture
async def application(database: Database) -> Application:
    """The object graph over the test's database, without a server of its own."""
    return await application_over(database)


async def application_over(database: Database, url: str = "") -> Application:
    """Return an object graph over a database that is there; by its url other processes reach it."""
    clock = Clock()
    async with database.read() as connection:
        await clock.measure(connection)
    signing, policies = Signing(), Policies()
    programme = Programme(policies, signing)
    return Application(
        settings=Settings(database_url=SecretStr(url)) if url else Settings(),
        server=None,
        database=database,
        clock=clock,
        signing=signing,
        keys=Keys(),
        policies=policies,
        programme=programme,
        snapshots=Snapshots(database, programme),
    )


@cache
def assembled() -> Litestar:
    """Return the routes, pages and document of all tests; what they act on is each test's own."""
    app = create_app(build(Settings()))
    del app.state.application
    return app


@pytest_asyncio.fixture
async def web(application: Application) -> AsyncIterator[Web]:
    """The application, started, with a client on it."""
    async with web_over(application) as web:
        yield web


@asynccontextmanager
async def web_over(application: Application) -> AsyncIterator[Web]:
    """Start the application, with a client on it."""
    app = assembled()
    app.state.application = application
    served: Any = app
    transport = httpx.ASGITransport(app=served, raise_app_exceptions=False)
    await warm(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://loyalty.test") as client:
        yield Web(app=app, application=application, client=client)
    del app.state.application


@pytest_asyncio.fixture
async def checkout(web: Web) -> Caller:
    """The shop's code."""
    return await web.caller("checkout")


@pytest_asyncio.fixture
async def admin(web: Web) -> Caller:
    """An administrator's key."""
    return await web.caller("admin")


@pytest_asyncio.fixture
async def finance(web: Web) -> Caller:
    """A key of finance."""
    return await web.caller("finance")
