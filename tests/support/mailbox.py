"""A mail server of our own on loopback, which can be told how to fail.

It speaks enough SMTP for a client that hands over one mail at a time. What it accepts it keeps,
also when it then fails to say so; so a test can count what a member would have found.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as reading_policy
from enum import Enum, auto
from types import TracebackType
from typing import Self, cast


class Mood(Enum):
    """How the server treats the next mail."""

    ACCEPT = auto()
    LATER_AT_RECIPIENT = auto()
    LATER_AT_CONTENT = auto()
    NEVER_AT_RECIPIENT = auto()
    NEVER_AT_CONTENT = auto()
    NEVER_AT_SENDER = auto()
    DROP_AT_GREETING = auto()
    DROP_BEFORE_CONTENT = auto()
    DROP_WITHOUT_KEEPING = auto()
    """Goes away after the content, which is lost."""
    DROP_AFTER_KEEPING = auto()
    """Keeps the mail and goes away before saying so."""
    DROP_AFTER_ANSWER = auto()
    """Keeps the mail, says so, and goes away."""
    SLOW = auto()
    """Keeps the mail and says so after a while."""


@dataclass(slots=True)
class Mailbox:
    """What was kept, in order, and how to treat what comes; the last mood stays."""

    moods: list[Mood] = field(default_factory=list)
    kept: list[EmailMessage] = field(default_factory=list)
    seconds: float = 0.2
    on_content: Callable[[], None] | None = None
    """Called when a mail's content has arrived, before it is kept."""
    on_kept: Callable[[], None] | None = None
    """Called when a mail was kept, before that is said."""
    port: int = 0
    talks: int = 0
    _server: asyncio.Server | None = None
    _talking: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.port}"

    def message_ids(self) -> Counter[str]:
        """How often each Message-ID was kept."""
        return Counter(str(mail["Message-ID"]) for mail in self.kept)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._talking:
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)
        self.talks += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mood = self._mood()
        if mood is Mood.DROP_AT_GREETING:
            self._pass(mood)
            return
        await _say(writer, "220 mailbox ready")
        async for verb, line in _commands(reader):
            mood = self._mood()
            if verb == "QUIT":
                await _say(writer, "221 bye")
                return
            if verb == "DATA":
                if not await self._take(reader, writer, mood):
                    return
                continue
            await _say(writer, self._reply(verb, line, mood))

    def _reply(self, verb: str, line: str, mood: Mood) -> str:
        if verb == "MAIL" and mood is Mood.NEVER_AT_SENDER:
            self._pass(mood)
            return "550 5.7.1 this sender may not send"
        if verb == "RCPT" and mood is Mood.LATER_AT_RECIPIENT:
            self._pass(mood)
            return f"450 4.2.1 mailbox busy: {line[8:]}"
        if verb == "RCPT" and mood is Mood.NEVER_AT_RECIPIENT:
            self._pass(mood)
            return f"550 5.1.1 no such user {line[8:]}"
        return "250 mailbox" if verb == "EHLO" else "250 2.0.0 OK"

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mood: Mood
    ) -> bool:
        """Take the content of a mail; False ends the talk."""
        if mood is Mood.DROP_BEFORE_CONTENT:
            self._pass(mood)
            return False
        await _say(writer, "354 go on")
        content = await reader.readuntil(b"\r\n.\r\n")
        if self.on_content is not None:
            self.on_content()
        self._pass(mood)
        if mood is Mood.LATER_AT_CONTENT:
            await _say(writer, "451 4.3.0 try again")
            return True
        if mood is Mood.NEVER_AT_CONTENT:
            await _say(writer, "554 5.6.0 not like this")
            return True
        if mood is Mood.DROP_WITHOUT_KEEPING:
            return False
        self.kept.append(_read(content))
        if self.on_kept is not None:
            self.on_kept()
        if mood is Mood.SLOW:
            await asyncio.sleep(self.seconds)
        if mood is Mood.DROP_AFTER_KEEPING:
            return False
        await _say(writer, f"250 2.0.0 OK: queued as M{len(self.kept)}")
        return mood is not Mood.DROP_AFTER_ANSWER

    def _mood(self) -> Mood:
        return self.moods[0] if self.moods else Mood.ACCEPT

    def _pass(self, mood: Mood) -> None:
        if self.moods and self.moods[0] is mood:
            self.moods.pop(0)


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()


async def _commands(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, str]]:
    while line := (await reader.readline()).decode("ascii").strip():
        yield line[:4].upper(), line


def _read(content: bytes) -> EmailMessage:
    plain = content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    return message_from_bytes(plain, policy=reading_policy)


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Open a mailbox for the time of a test."""
    async with Mailbox() as one:
        yield one
