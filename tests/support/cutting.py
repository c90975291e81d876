"""A wire to PostgreSQL that can be cut after a COMMIT was done and before its answer arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import URL

from tests.support.relaying import DONE, relay_to


@dataclass
class Wire:
    """Carries what both sides say; ``cut_at_commit`` swallows the next word of a COMMIT."""

    url: URL
    cut_at_commit: bool = False
    cuts: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what the server says, as far as it is to arrive."""
        while data := await reader.read(1 << 16):
            if self.cut_at_commit and DONE in data:
                self.cut_at_commit = False
                self.cuts += 1
                return
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def wire_to(url: URL) -> AsyncIterator[Wire]:
    """Lay a wire to the database behind a URL; it listens on a socket of its own."""
    wire = Wire(url)
    async with relay_to(url, lambda: (_ask, wire.answer)) as wire.url:
        yield wire


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
