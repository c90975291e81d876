"""Messages for those who look after members: listed, found, sent again, told by the shop itself.

The API and the pages use the same functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import show
from loyalty.members import Member, Ref, lock_member
from loyalty.outbox.errors import MessageStands, ToldTooEarly, UnknownMessage
from loyalty.outbox.mail import MailServer, mail_server
from loyalty.outbox.proofs import record_notice
from loyalty.outbox.state import Message, Reason, State
from loyalty.outbox.tables import message
from loyalty.settings import Settings
from loyalty.tables import event

_NOT_SENT: Final = (State.FAILED, State.SKIPPED)
_COLUMNS: Final = (
    *(message.c.member, message.c.id, message.c.event, message.c.template),
    *(message.c.message_id, message.c.state, message.c.reason, message.c.language),
    *(message.c.attempts, message.c.uncertain, message.c.queued_at, message.c.next_at),
    *(message.c.sent_at, message.c.answer),
)


@dataclass(frozen=True, slots=True)
class MailState:
    """Whether mail is on, and where it goes; never a password."""

    on: bool
    server: str | None
    sender: str | None
    why: str | None


def mail_state(settings: Settings) -> MailState:
    """Say whether mail is on and, if not, which setting is missing."""
    server: MailServer | None = mail_server(settings)
    if server is not None:
        return MailState(on=True, server=server.host, sender=server.sender, why=None)
    missing = "LOYALTY_SMTP_URL" if settings.smtp_url is None else "LOYALTY_MAIL_FROM"
    return MailState(on=False, server=None, sender=None, why=f"{missing} is not set")


async def list_messages(
    connection: AsyncConnection,
    *,
    limit: int,
    before: UUID | None = None,
    state: State | None = None,
    member: UUID | None = None,
) -> Sequence[Message]:
    """Return messages, newest first, from before the one named."""
    asked = select(*_COLUMNS).order_by(message.c.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(message.c.id < before)
    if state is not None:
        asked = asked.where(message.c.state == state)
    if member is not None:
        asked = asked.where(message.c.member == member)
    return [_message(row) for row in await connection.execute(asked)]


async def find_message(connection: AsyncConnection, one: UUID) -> Message:
    """Return a message, or say that there is none."""
    row = (await connection.execute(select(*_COLUMNS).where(message.c.id == one))).one_or_none()
    if row is None:
        raise UnknownMessage(seen=show("msg", one))
    return _message(row)


async def count_messages(connection: AsyncConnection) -> Mapping[State, int]:
    """Return how many messages stand where, and none left out."""
    counted = await connection.execute(
        select(message.c.state, func.count()).group_by(message.c.state)
    )
    found = {State(state): number for state, number in counted}
    return {state: found.get(state, 0) for state in State}


async def count_uncertain(connection: AsyncConnection) -> int:
    """Return how many mails may have gone out once more than was proved."""
    return await connection.scalar(select(func.coalesce(func.sum(message.c.uncertain), 0))) or 0


async def resend(connection: AsyncConnection, cause: Cause, one: UUID) -> Message:
    """Queue a message again that failed or was left out; it keeps its Message-ID."""
    _, stands = await _locked(connection, one)
    if stands.state not in _NOT_SENT:
        raise MessageStands(seen=stands.state, wanted="failed or skipped")
    values = {
        "state": State.QUEUED,
        "reason": None,
        "attempts": 0,
        "queued_at": cause.at,
        "next_at": cause.at,
    }
    return await _move(connection, cause, stands, "resend", values)


async def report_told(
    connection: AsyncConnection, cause: Cause, one: UUID, *, told_at: datetime
) -> Message:
    """Write down that the shop has told the member itself; a notice of expiry counts from then."""
    whose, stands = await _locked(connection, one)
    if stands.state is State.SENT and stands.reason == Reason.TOLD_BY_SHOP:
        return stands
    if stands.state not in {*_NOT_SENT, State.QUEUED}:
        raise MessageStands(seen=stands.state, wanted="queued, failed or skipped")
    if told_at < stands.queued_at:
        raise ToldTooEarly(wanted=stands.queued_at.isoformat(), pointer="/told_at")
    values = {
        "state": State.SENT,
        "reason": Reason.TOLD_BY_SHOP,
        "sent_at": told_at,
        "next_at": None,
    }
    moved = await _move(connection, cause, stands, "report-told", values)
    data: Mapping[str, Any] | None = await connection.scalar(
        select(event.c.data).where(event.c.member == moved.member, event.c.id == moved.event)
    )
    await record_notice(connection, cause, whose, one, data or {}, told_at=told_at)
    return moved


async def _locked(connection: AsyncConnection, one: UUID) -> tuple[Member, Message]:
    """Lock the member of a message and then the message."""
    member = (await find_message(connection, one)).member
    whose = await lock_member(connection, Ref("member", show("mem", member), id=member))
    asked = select(*_COLUMNS).where(message.c.member == member, message.c.id == one)
    return whose, _message((await connection.execute(asked.with_for_update())).one())


async def _move(
    connection: AsyncConnection,
    cause: Cause,
    stands: Message,
    action: str,
    values: Mapping[str, object],
) -> Message:
    moved = await connection.execute(
        update(message)
        .where(message.c.member == stands.member, message.c.id == stands.id)
        .values(values)
        .returning(*_COLUMNS)
    )
    after = _message(moved.one())
    await record_change(
        connection,
        cause,
        subject_kind="message",
        subject=show("msg", stands.id),
        action=action,
        before={"state": stands.state, "reason": stands.reason},
        after={"state": after.state, "reason": after.reason},
        member=stands.member,
    )
    return after


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    values = row._asdict()
    return Message(**values | {"state": State(row.state)})
