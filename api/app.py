"""Builds the web application from the object graph; the one place that knows the console.

`create_app` is for tests and embedding, `create_app_from_environment` for the server, which names
it by its dotted path.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from admin import console
from api import health, registry
from api.access import Access
from api.auth import authorise
from api.openapi import build_document, serve_document
from api.problems import answer_problem
from api.stripe_webhook import webhook_routes
from loyalty.bootstrap import Application, build, freeze_memory
from loyalty.checkout.snapshot import read_published
from loyalty.observability import configure_logging
from loyalty.settings import Settings

LARGEST_BODY: Final = 1_048_576
PREFIX: Final = "/v1"


def create_app(application: Application) -> Litestar:
    """Return the web application over an object graph that somebody else has entered."""
    return _assemble(application, owns=False)


def create_app_from_environment() -> Litestar:
    """Return the web application that starts and stops its own object graph."""
    configure_logging()
    return _assemble(build(Settings()), owns=True)


def _assemble(application: Application, *, owns: bool) -> Litestar:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        application: Application = app.state.application
        if not owns:
            await warm(application)
            yield
            return
        async with application:
            async with application.database.read() as connection:
                await read_published(connection, application.programme, application.clock.now())
            freeze_memory()
            yield

    document = build_document(PREFIX, registry.ROUTES)
    hooks = webhook_routes(application.billing)
    v1 = Router(PREFIX, route_handlers=list(registry.ROUTES), before_request=authorise)
    app = Litestar(
        route_handlers=[v1, *hooks, *health.ROUTES, serve_document(document), console()],
        state=State({"application": application}),
        exception_handlers=_handlers(),
        request_max_body_size=LARGEST_BODY,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
    )
    app.asgi_handler = Access(app.asgi_handler)
    return app


async def warm(application: Application) -> None:
    """Read what every request needs before the first one comes."""
    async with application.database.read() as connection:
        await application.signing.load(connection)


def _handlers() -> dict[Any, Any]:
    return {HTTPException: answer_problem, Exception: answer_problem}
