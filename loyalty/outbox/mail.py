"""Handing mails to the mail server over SMTP, and saying exactly what it answered.

Nothing here knows members or the database. An answer is kept as proof without the address in it.
A connection that breaks after the content was handed over leaves it open whether the mail was
taken: that is `UNCERTAIN`, and the only case in which a mail may go out twice.
"""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from loyalty.loopback import is_loopback
from loyalty.outbox.rendering import Written
from loyalty.settings import Settings

STEP_SECONDS: Final = 30.0
"""How long the server may take for one answer."""

TOTAL_SECONDS: Final = 90.0
"""How long one mail may take in all; a lease is much longer."""

_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_LONGEST_ANSWER: Final = 500
_PERMANENT: Final = 500
_ADDRESS: Final = re.compile(r"[^\s<>@]+@[^\s<>@]+")


class Verdict(StrEnum):
    """What became of one attempt."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    UNCERTAIN = "uncertain"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and the server's last words."""

    verdict: Verdict
    answer: str


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over, and who sends them."""

    host: str
    port: int
    scheme: str
    sender: str
    address: str
    here: bool
    """Whether it is this very machine, to which a password may travel in the clear."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def domain(self) -> str:
        """The domain of the sender."""
        return self.address.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address."""

    to: str
    message_id: str
    language: str
    written: Written
    at: datetime


def mail_server(settings: Settings) -> MailServer | None:
    """Return where to hand mails over; None is mail switched off."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    text = settings.smtp_url.get_secret_value()
    url = urlsplit(text)
    return MailServer(
        host=url.hostname or "",
        port=url.port or _PORTS[url.scheme],
        scheme=url.scheme,
        sender=settings.mail_from,
        address=parseaddr(settings.mail_from)[1],
        here=is_loopback(text),
        user=None if url.username is None else unquote(url.username),
        password=None if url.password is None else unquote(url.password),
    )


class MailLine:
    """A connection to the mail server, for one mail after another; it is made when needed."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: aiosmtplib.SMTP | None = None
        self._handed_over = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                await client.quit(timeout=1)
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    async def send(self, letter: Letter) -> Outcome:
        """Hand one mail over, and say what the server answered."""
        self._handed_over = False
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                outcome = await self._attempt(letter)
        except (aiosmtplib.SMTPException, OSError) as error:
            outcome = self._broken(error)
        if outcome.verdict is not Verdict.ACCEPTED:
            self._hang_up()
        return Outcome(outcome.verdict, without_address(outcome.answer, letter.to))

    async def _attempt(self, letter: Letter) -> Outcome:
        try:
            content = _content(letter, self._server)
        except (UnicodeError, ValueError, IndexError):
            return Outcome(Verdict.REFUSED, "the address cannot be written in a mail")
        client = await self._connected()
        try:
            await client.mail(self._server.address)
        except aiosmtplib.SMTPResponseException as error:
            return Outcome(Verdict.UNREACHABLE, _said(error.code, error.message))
        try:
            await client.rcpt(letter.to)
            self._handed_over = True
            answer = await client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            verdict = Verdict.REFUSED if error.code >= _PERMANENT else Verdict.LATER
            return Outcome(verdict, _said(error.code, error.message))
        return Outcome(Verdict.ACCEPTED, _said(answer.code, answer.message))

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        self._client = client = _client(self._server)
        await client.connect()
        return client

    def _broken(self, error: BaseException) -> Outcome:
        said = _said(*_words(error))
        if self._handed_over:
            return Outcome(Verdict.UNCERTAIN, said)
        return Outcome(Verdict.UNREACHABLE, said)

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def without_address(answer: str, address: str) -> str:
    """Leave out the member's address, and whatever else looks like one, from a server's words."""
    shorter = re.sub(re.escape(address), "<address>", answer, flags=re.IGNORECASE)
    return _ADDRESS.sub("<address>", shorter)[:_LONGEST_ANSWER]


def _client(server: MailServer) -> aiosmtplib.SMTP:
    """Open the line: a password never travels in the clear, except to this very machine."""
    secret = server.user is not None and not server.here
    encrypted = server.scheme == "smtp+starttls" or (server.scheme == "smtp" and secret)
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        local_hostname=server.domain,
        timeout=STEP_SECONDS,
        use_tls=server.scheme == "smtps",
        start_tls=False if server.scheme == "smtps" else encrypted or None,
    )


def _content(letter: Letter, server: MailServer) -> bytes:
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"] = server.sender
    letter.to.encode("ascii")
    mail["To"] = letter.to
    mail["Subject"] = letter.written.subject
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = letter.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.written.text, cte="base64")
    mail.add_alternative(letter.written.html, subtype="html", cte="base64")
    mail["Content-Language"] = letter.language
    return mail.as_bytes()


def _words(error: BaseException) -> tuple[int | None, str]:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code, error.message
    return None, f"{type(error).__name__}: {error}"


def _said(code: int | None, message: str) -> str:
    words = " ".join(message.split())
    return words if code is None else f"{code} {words}"
