"""Taking a message to send it, and writing down what became of it.

A message is claimed with a fencing number in a transaction of its own, committed before anything is
sent. Only the holder of the newest number writes the outcome. Whoever finds a claim that has
outlived its lease takes over, and counts that the mail may have gone out already.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, case, select, tuple_, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members import Ref, lock_member
from loyalty.outbox.mail import Outcome, Verdict
from loyalty.outbox.notices import NOTICE_OF
from loyalty.outbox.proofs import record_notice
from loyalty.outbox.state import Reason, State
from loyalty.outbox.tables import message
from loyalty.tables import event

LEASE: Final = timedelta(minutes=5)
"""Much longer than a mail may take."""

PAUSES: Final = (
    *(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=2), timedelta(hours=5), timedelta(hours=10)),
    *(timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
"""How long to wait after each attempt, give or take a fifth; after the last one we give up."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send until the lease ends."""

    member: UUID
    id: UUID
    event: UUID
    template: str
    message_id: str
    attempts: int
    fence: int
    queued_at: datetime
    at: datetime
    data: Mapping[str, Any]

    @property
    def is_outdated(self) -> bool:
        """Whether it is too late to be worth telling."""
        return self.at > self.queued_at + NOTICE_OF[self.template].keeps


async def claim_message(connection: AsyncConnection, at: datetime) -> Claim | None:
    """Take the message that has been due for longest; None when nothing is due."""
    key = (message.c.member, message.c.id)
    due = (
        select(*key)
        .where(message.c.state.in_([State.QUEUED, State.SENDING]), message.c.next_at <= at)
        .order_by(message.c.next_at, message.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken_over = case((message.c.state == State.SENDING, 1), else_=0)
    claimed = await connection.execute(
        update(message)
        .where(tuple_(*key).in_(due))
        .values(
            state=State.SENDING,
            fence=message.c.fence + 1,
            attempts=message.c.attempts + 1,
            uncertain=message.c.uncertain + taken_over,
            next_at=at + LEASE,
        )
        .returning(
            *(message.c.member, message.c.id, message.c.event, message.c.template),
            *(message.c.message_id, message.c.attempts, message.c.fence, message.c.queued_at),
        )
    )
    row = claimed.one_or_none()
    return None if row is None else Claim(**row._asdict(), at=at, data=await _data(connection, row))


async def finish(
    connection: AsyncConnection, cause: Cause, claim: Claim, outcome: Outcome, *, language: str
) -> bool:
    """Write down what became of an attempt; False when somebody else has taken over since.

    An accepted notice of expiry starts the members' thirty days in the same transaction.
    """
    whose = await lock_member(connection, Ref("member", str(claim.member), id=claim.member))
    values = _ended(claim, outcome, cause.at) | {"answer": outcome.answer, "language": language}
    if not await _write(connection, claim, values):
        return False
    if outcome.verdict is Verdict.ACCEPTED:
        await record_notice(connection, cause, whose, claim.id, claim.data, told_at=claim.at)
    return True


async def leave_out(
    connection: AsyncConnection, claim: Claim, reason: Reason, *, state: State = State.SKIPPED
) -> bool:
    """Write down that a message is not sent, and why; nothing was attempted."""
    attempts = {"attempts": message.c.attempts - 1}
    return await _write(
        connection, claim, {"state": state, "reason": reason, "next_at": None, **attempts}
    )


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Return when the next message is due, or was."""
    waiting = message.c.state.in_([State.QUEUED, State.SENDING])
    found: datetime | None = await connection.scalar(
        select(message.c.next_at).where(waiting).order_by(message.c.next_at).limit(1)
    )
    return found


async def _write(connection: AsyncConnection, claim: Claim, values: Mapping[str, object]) -> bool:
    ours = and_(
        message.c.member == claim.member,
        message.c.id == claim.id,
        message.c.state == State.SENDING,
        message.c.fence == claim.fence,
    )
    written = await connection.execute(update(message).where(ours).values(values))
    return written.rowcount == 1


def _ended(claim: Claim, outcome: Outcome, at: datetime) -> dict[str, object]:
    """Return the columns that follow from an outcome."""
    if outcome.verdict is Verdict.ACCEPTED:
        return {"state": State.SENT, "reason": None, "sent_at": at, "next_at": None}
    if outcome.verdict is Verdict.REFUSED:
        return {"state": State.FAILED, "reason": Reason.REFUSED, "next_at": None}
    counted: dict[str, object] = {}
    if outcome.verdict is Verdict.UNCERTAIN:
        counted = {"uncertain": message.c.uncertain + 1}
    if claim.attempts > len(PAUSES):
        return {"state": State.FAILED, "reason": Reason.GAVE_UP, "next_at": None, **counted}
    return {"state": State.QUEUED, "next_at": at + pause_after(claim.attempts), **counted}


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts, spread so that many do not come at once."""
    return PAUSES[attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (jitter, no secret)


async def _data(connection: AsyncConnection, row: Row[*tuple[Any, ...]]) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = await connection.scalar(
        select(event.c.data).where(event.c.member == row.member, event.c.id == row.event)
    )
    if found is None:
        raise LookupError(f"the event of message {row.id} is missing")
    return found
