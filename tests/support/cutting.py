"""A wire to PostgreSQL that can be cut after a COMMIT was done and before its answer arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import URL

SOCKET = ".s.PGSQL.5432"
DONE = b"C\x00\x00\x00\x0bCOMMIT\x00"
"""PostgreSQL's message that a COMMIT is complete."""


@dataclass
class Wire:
    """Carries what both sides say; ``cut_at_commit`` swallows the next word of a COMMIT."""

    url: URL
    cut_at_commit: bool = False
    cuts: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@asynccontextmanager
async def wire_to(url: URL) -> AsyncIterator[Wire]:
    """Lay a wire to the database behind a URL; it listens on a socket of its own."""
    with TemporaryDirectory(prefix="wire-") as directory:
        wire = Wire(url.set(query={"host": directory}))
        sockets = url.query["host"]
        assert isinstance(sockets, str)
        behind = str(Path(sockets) / SOCKET)

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server_reader, server_writer = await asyncio.open_unix_connection(behind)
            both = {
                asyncio.create_task(_carry(reader, server_writer)),
                asyncio.create_task(_answer(wire, server_reader, writer)),
            }
            wire.tasks |= both
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for end in (writer, server_writer):
                end.close()

        server = await asyncio.start_unix_server(carry, str(Path(directory) / SOCKET))
        async with server:
            yield wire
        for task in wire.tasks:
            task.cancel()
        await asyncio.gather(*wire.tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()


async def _answer(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            if wire.cut_at_commit and DONE in data:
                wire.cut_at_commit = False
                wire.cuts += 1
                return
            writer.write(data)
            await writer.drain()
