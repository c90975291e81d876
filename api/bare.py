"""The least that an endpoint could be: what `loyalty bench` holds the quote against.

It takes the same body on the same server, does one indexed select through the driver, and answers
as many lines as the cart has. No part of the programme serves it: it is an application of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import psycopg
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State

from api.schemas.orders import QuoteBody
from loyalty.bench.bare import PATH, PROBE
from loyalty.bootstrap import freeze_memory
from loyalty.database import INTERACTIVE, connect_arguments
from loyalty.settings import Settings

CONNECTIONS: Final = 16

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class BareLine(msgspec.Struct):
    """A line of the answer."""

    line_id: str
    regular: int
    total: int


class BareAnswer(msgspec.Struct):
    """The answer."""

    member: str
    lines: list[BareLine]


@post(PATH, status_code=200)
async def answer_bare(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Look the member up and answer the cart's lines as they came."""
    body = msgspec.json.decode(await request.body(), type=QuoteBody)
    connections: list[Connection] = state.connections
    connection = connections.pop()
    try:
        cursor = await connection.execute(
            PROBE, [(body.member or "").removeprefix("ext:")], prepare=True
        )
        found = await cursor.fetchone()
    finally:
        connections.append(connection)
    lines = [
        BareLine(line.line_id, line.unit_price or 0, line.unit_price or 0)
        for line in body.order.lines
    ]
    shown = BareAnswer(str(found and found[0]), lines)
    return Response(msgspec.json.encode(shown), media_type="application/json")


def create_bare_app() -> Litestar:
    """Return the bare application over the database that the environment names."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        arguments = connect_arguments(Settings().application_url(), INTERACTIVE)
        app.state.connections = [
            await psycopg.AsyncConnection.connect(**arguments, autocommit=True)
            for _ in range(CONNECTIONS)
        ]
        freeze_memory()
        yield
        for connection in app.state.connections:
            await connection.close()

    return Litestar([answer_bare], lifespan=[lifespan], openapi_config=None, logging_config=None)
