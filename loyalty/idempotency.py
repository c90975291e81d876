"""The one way in for a write that somebody may repeat.

`answer_once` runs the work in one transaction with the idempotency key: the first statement claims
the key, resolves whom it is about and locks that member; the last one stores the rendered answer.
A repeated request gets the stored bytes, one under way is told so at once, and the same key with
another body is refused. A business refusal is stored too, in a transaction of its own, because
the work was rolled back; a server error is not stored, so that the same key may try again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import Insert, bindparam, column, func, insert, select
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import DateTime, SmallInteger, Text, Uuid

from loyalty.database import Database
from loyalty.errors import LoyaltyError
from loyalty.hot import hot
from loyalty.keys import KeyEnded
from loyalty.members import Member, MemberClass, Ref, UnknownMember, UnknownOrder
from loyalty.tables import answer


class KeyMissing(LoyaltyError):
    """This can move value, so it needs the header Idempotency-Key."""

    code = "idempotency-key-missing"


class KeyInvalid(LoyaltyError):
    """An idempotency key has 1 to 255 printable ASCII characters."""

    code = "idempotency-key-invalid"


class KeyReused(LoyaltyError):
    """This idempotency key has been used for a request with other content."""

    code = "idempotency-key-reused"


class InProgress(LoyaltyError):
    """A request with this idempotency key is being worked on; ask again in a second."""

    code = "idempotency-in-progress"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that wants to write: who asks, for what, under which key, with which content."""

    principal: str
    operation: str
    key: str | None
    fingerprint: bytes
    api_key: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A rendered answer; `stored` says that the work has already kept it with its own rows."""

    status: int
    body: bytes
    media_type: str = "application/json"
    location: str | None = None
    replayed: bool = False
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """What the first statement found and locked."""

    attempt: Attempt
    member: Member | None
    subject: UUID | None

    def whose(self) -> Member:
        """Return the member that the request is about."""
        if self.member is None:
            raise UnknownMember(seen="none")
        return self.member


Work = Callable[[AsyncConnection, Begun], Awaitable[Answer]]
Refusal = Callable[[Exception], Answer | None]


async def answer_once(
    database: Database, attempt: Attempt, subject: Ref | None, work: Work, refusal: Refusal
) -> Answer:
    """Run the work once under the key and return its answer, now or from the first time.

    `refusal` renders a business refusal; for anything else it returns None and the error goes on.
    """
    try:
        return await database.write(_first_time, attempt, subject, work)
    except Exception as error:
        refused = refusal(error)
        if refused is None or attempt.key is None or isinstance(error, _NOT_EXECUTED):
            raise
    return await database.write(_keep_refusal, attempt, refused)


async def begin_write(
    connection: AsyncConnection, attempt: Attempt, subject: Ref | None
) -> Begun | Answer:
    """Claim the key, find an answer given before, resolve and lock: one statement."""
    row = await _BEGIN.one(
        connection,
        principal=attempt.principal,
        operation=attempt.operation,
        key=attempt.key,
        fingerprint=attempt.fingerprint,
        api_key=attempt.api_key,
        kind=None if subject is None else subject.kind,
        name=None if subject is None else subject.external,
        id=None if subject is None else subject.id,
        at=attempt.at,
    )
    state, status, body, media_type, location, member_id, subject_id, *rest = row
    if state in _STATES:
        raise _STATES[state]
    if state == "replay":
        return Answer(status, bytes(body), media_type, location, replayed=True, stored=True)
    if subject is not None and subject_id is None:
        unknown = UnknownMember if subject.kind == "member" else UnknownOrder
        raise unknown(seen=subject.text[:80], pointer=subject.pointer)
    holder, class_, joined_at, closed_at, merged_into = rest
    locked = None
    if holder is not None:
        locked = Member(
            id=member_id,
            holder=holder,
            class_=cast("MemberClass", class_),
            joined_at=joined_at,
            closed_at=closed_at,
            merged_into=merged_into,
        )
    return Begun(attempt=attempt, member=locked, subject=subject_id)


def answer_insert(attempt: Attempt, given: Answer) -> Insert:
    """Return the statement that keeps an answer, for use as a CTE of the work's own last one."""
    return insert(answer).values(
        principal=attempt.principal,
        operation=attempt.operation,
        key=attempt.key,
        fingerprint=attempt.fingerprint,
        status=given.status,
        body=given.body,
        media_type=given.media_type,
        location=given.location,
    )


async def _first_time(
    connection: AsyncConnection, attempt: Attempt, subject: Ref | None, work: Work
) -> Answer:
    begun = await begin_write(connection, attempt, subject)
    if isinstance(begun, Answer):
        return begun
    given = await work(connection, begun)
    if attempt.key is not None and not given.stored:
        await connection.execute(answer_insert(attempt, given))
    return given


async def _keep_refusal(connection: AsyncConnection, attempt: Attempt, refused: Answer) -> Answer:
    begun = await begin_write(connection, attempt, None)
    if isinstance(begun, Answer):
        return begun
    await connection.execute(answer_insert(attempt, refused))
    return replace(refused, stored=True)


#: Refusals of the request itself: nothing was executed, so nothing is remembered.
_NOT_EXECUTED: Final = (InProgress, KeyReused, KeyEnded, KeyMissing, KeyInvalid)

_STATES: Final[Mapping[str, type[LoyaltyError]]] = {
    "in-progress": InProgress,
    "reused": KeyReused,
    "key-revoked": KeyEnded,
}

_RESULT: Final = (
    column("state", Text),
    column("status", SmallInteger),
    column("body", BYTEA),
    column("media_type", Text),
    column("location", Text),
    column("member", Uuid),
    column("subject", Uuid),
    column("holder", Uuid),
    column("class", Text),
    column("joined_at", DateTime(timezone=True)),
    column("closed_at", DateTime(timezone=True)),
    column("merged_into", Uuid),
)

_CALL: Final = func.loyalty.begin_write(
    bindparam("principal", type_=Text),
    bindparam("operation", type_=Text),
    bindparam("key", type_=Text),
    bindparam("fingerprint", type_=BYTEA),
    bindparam("api_key", type_=Uuid),
    bindparam("kind", type_=Text),
    bindparam("name", type_=Text),
    bindparam("id", type_=Uuid),
    bindparam("at", type_=DateTime(timezone=True)),
).table_valued(*_RESULT)

_BEGIN: Final = hot(select(_CALL))
