"""What lies between a program and its PostgreSQL: a socket that carries what both sides say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import URL

SOCKET = ".s.PGSQL.5432"
DONE = b"C\x00\x00\x00\x0bCOMMIT\x00"
"""PostgreSQL's message that a COMMIT is complete."""

Carry = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Carries one direction of one connection until it ends."""


@asynccontextmanager
async def relay_to(url: URL, both_ways: Callable[[], tuple[Carry, Carry]]) -> AsyncIterator[URL]:
    """Listen on a socket of its own for the database behind a URL; yield the URL to be asked.

    ``both_ways`` answers what carries a new connection: to the server, and back.
    """
    sockets = url.query["host"]
    assert isinstance(sockets, str)
    behind = str(Path(sockets) / SOCKET)
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(behind)
        there, back = both_ways()
        both = {
            asyncio.create_task(_until_cut(there, reader, server_writer)),
            asyncio.create_task(_until_cut(back, server_reader, writer)),
        }
        tasks.update(both)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, server_writer):
            end.close()

    with TemporaryDirectory(prefix="wire-") as directory:
        server = await asyncio.start_unix_server(carry, str(Path(directory) / SOCKET))
        async with server:
            yield url.set(query={"host": directory})
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_cut(
    carry: Carry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with suppress(ConnectionError):
        await carry(reader, writer)
