"""A wire to PostgreSQL that tells one statement from the next and can be stopped between any two.

What a program and its database say to each other is read just far enough to see where a statement
begins. Told to stop, the wire holds back that statement of the next transaction: meanwhile another
client may run, or the program may be killed. Nothing in the program knows of it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy.engine import URL

from tests.support.relaying import DONE, Carry, relay_to

ANSWER: Final = "the answer to COMMIT"
ENDS: Final = frozenset("QSdcfXHpF")
"""Messages after which PostgreSQL may act: a query, a sync, data of a COPY, a farewell."""
ENCRYPTION: Final = frozenset({80_877_103, 80_877_104})
"""Codes that ask for encryption before the start-up message proper."""


@dataclass
class Stop:
    """A place in what is said next: before statement `number`, BEGIN being 0, over all transactions
    that follow each other; the answer to a COMMIT counts as one more.
    """

    number: int
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    statement: str = ""
    passed: int = 0
    _goes_on: "asyncio.Future[bool]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def let_go(self) -> None:
        """Let what was held back arrive."""
        if not self._goes_on.done():
            self._goes_on.set_result(True)

    def cut(self) -> None:
        """Let it never arrive: the wire ends here."""
        if not self._goes_on.done():
            self._goes_on.set_result(False)

    async def pass_by(self, statement: str) -> None:
        """Hold a statement back if this is its place."""
        here = self.passed == self.number
        self.passed += 1
        if here:
            self.statement = statement
            self.reached.set()
            if not await self._goes_on:
                raise ConnectionAbortedError


@dataclass(eq=False)
class _Conversation:
    """One connection: the statements it has named, and what has come in but not gone on."""

    started: bool = False
    names: dict[bytes, bytes] = field(default_factory=dict)
    waiting: bytearray = field(default_factory=bytearray)
    group: bytearray = field(default_factory=bytearray)
    bound: bytes = b""
    executes: bool = False
    commits: bool = False

    def groups(self, data: bytes) -> Iterator[tuple[bytes, str | None]]:
        """Yield what belongs together, with the statement that it runs, if it runs one."""
        self.waiting += data
        while (message := self._message()) is not None:
            self.group += message
            kind = chr(message[0]) if self.started else ""
            if not self.started:
                self.started = int.from_bytes(message[4:8]) not in ENCRYPTION
            else:
                self._read(kind, message[5:])
            if not kind or kind in ENDS:
                statement = self.bound.decode() if self.executes else None
                whole, self.executes = bytes(self.group), False
                self.group.clear()
                yield whole, statement

    def _message(self) -> bytes | None:
        head = 1 if self.started else 0
        if len(self.waiting) < head + 4:
            return None
        size = head + int.from_bytes(self.waiting[head : head + 4])
        if len(self.waiting) < size:
            return None
        message = bytes(self.waiting[:size])
        del self.waiting[:size]
        return message

    def _read(self, kind: str, content: bytes) -> None:
        if kind == "P":
            name, text, _ = content.split(b"\0", 2)
            self.names[name] = text
        elif kind == "B":
            _, name, _ = content.split(b"\0", 2)
            self.bound = self.names.get(name, b"")
        elif kind == "E":
            self.executes = True
        elif kind == "Q":
            self.bound, self.executes = content.rstrip(b"\0"), True


@dataclass
class StatementWire:
    """Carries what both sides say, and stops where it was told to."""

    url: URL
    stop: Stop | None = None
    _watched: _Conversation | None = None

    def stop_before(self, number: int) -> Stop:
        """Stop the next transaction, and those that follow it, at a place."""
        self.stop, self._watched = Stop(number), None
        return self.stop

    async def say(self, conversation: _Conversation, statement: str) -> None:
        """Let a statement through when it is not held back."""
        word = statement.lstrip()[:8].upper()
        conversation.commits = word.startswith("COMMIT")
        if self.stop is None:
            return
        if self._watched is None and word.startswith("BEGIN"):
            self._watched = conversation
        if self._watched is conversation:
            await self.stop.pass_by(statement)
            if word.startswith("ROLLBACK"):
                self._watched = None

    async def answer(self, conversation: _Conversation, data: bytes) -> None:
        """Let an answer through when it is not held back."""
        if self._watched is conversation and conversation.commits and DONE in data:
            self._watched = None
            if self.stop is not None:
                await self.stop.pass_by(ANSWER)


@asynccontextmanager
async def statements_to(url: URL) -> AsyncIterator[StatementWire]:
    """Lay a wire to the database behind a URL; it listens on a socket of its own."""
    wire = StatementWire(url)

    def both_ways() -> tuple[Carry, Carry]:
        conversation = _Conversation()
        return partial(_ask, wire, conversation), partial(_answer, wire, conversation)

    async with relay_to(url, both_ways) as wire.url:
        yield wire


async def _ask(
    wire: StatementWire,
    conversation: _Conversation,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    while data := await reader.read(1 << 16):
        for group, statement in conversation.groups(data):
            if statement is not None:
                await wire.say(conversation, statement)
            writer.write(group)
        await writer.drain()


async def _answer(
    wire: StatementWire,
    conversation: _Conversation,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    while data := await reader.read(1 << 16):
        await wire.answer(conversation, data)
        writer.write(data)
        await writer.drain()
