"""The outbox: what the programme tells the world, one row per operation.

A row is numbered per member, so the caller must hold the member's row lock; the feed
(`loyalty.outbox`) reads them up to the oldest transaction still running. Nothing is enqueued here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Insert,
    Integer,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.event_types import EVENT_TYPES
from loyalty.ids import new_id
from loyalty.schema import Xid8
from loyalty.tables import event

#: An event's era in the feed; the index is on these very expressions.
FEED_ERA: Final = func.coalesce(event.c.feed_era, literal_column("0", Integer))
FEED_XID: Final = func.coalesce(event.c.feed_xid, literal_column("'0'::xid8", Xid8()))


Rows = Sequence[Mapping[str, object]]

_NAMES: Final = (
    "member",
    "sequence",
    "feed_xid",
    "id",
    "type",
    "schema_version",
    "effective_at",
    "actor",
    "request_id",
    "historic",
    "data",
)
_INSTANT: Final = len("0193e4a0-7b1c-7abc-")
"""Up to here the text of an id says when it was minted, and what follows is random."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a member; `data` holds ids and codes, never personal data."""

    id: UUID
    member: UUID
    type: str
    effective_at: datetime
    data: Mapping[str, object]
    schema_version: int = 1
    historic: bool = False

    def __post_init__(self) -> None:
        """Refuse a type that is not published, or another version of it."""
        declared = EVENT_TYPES.get(self.type)
        if declared is None or declared.version != self.schema_version:
            message = f"no such type of event: {self.type} {self.schema_version}"
            raise ValueError(message)


async def record_event(connection: AsyncConnection, cause: Cause, happened: Event) -> None:
    """Write one event; the member's row must be locked."""
    await connection.execute(event_insert(cause, happened))


async def record_events(
    connection: AsyncConnection, cause: Cause, happened: Sequence[Event]
) -> None:
    """Write many events in one statement; the members' rows must be locked."""
    if happened:
        statement, rows = events_insert(cause, happened)
        await connection.execute(statement, {"events": rows})


def events_insert(cause: Cause, happened: Sequence[Event]) -> tuple[Insert, Rows]:
    """Return the statement and its parameter `events`, so that it can travel as a CTE."""
    turns: Counter[UUID] = Counter()
    rows = []
    for one in happened:
        rows.append({"member": str(one.member), "turn": turns[one.member], **_told(one, cause)})
        turns[one.member] += 1
    given = _GIVEN.columns
    sequence, feed_xid = numbering(given.member)
    chosen = select(
        given.member,
        sequence + given.turn,
        feed_xid,
        given.id,
        given.type,
        given.schema_version,
        given.effective_at,
        literal(cause.actor),
        literal(cause.request_id),
        given.historic,
        given.data,
    ).select_from(_GIVEN)
    return insert(event).from_select(list(_NAMES), chosen), rows


def _told(one: Event, cause: Cause) -> dict[str, object]:
    return {
        "id": str(one.id),
        "type": one.type,
        "schema_version": one.schema_version,
        "effective_at": one.effective_at.isoformat(),
        "historic": one.historic or cause.historic,
        "data": dict(one.data),
    }


def events_from(cause: Cause, type_: str, happened: FromClause, data: ColumnElement[Any]) -> Insert:
    """Return the statement that writes an event about each row; the members must be locked.

    Rows have a `member` and a `number`, in whose order a member's are told. Many rows of one
    statement are told without being read in between, so the random part of their ids is made
    where they are; `data` is what `Event.data` would have been.
    """
    first = Event(new_id(cause.at), UUID(int=0), type_, cause.at, {})
    turn = func.row_number().over(partition_by=happened.c.member, order_by=happened.c.number) - 1
    sequence, feed_xid = numbering(happened.c.member)
    chosen = select(
        happened.c.member,
        sequence + turn,
        feed_xid,
        _minted_like(first.id),
        literal(first.type),
        literal(first.schema_version),
        literal(first.effective_at),
        literal(cause.actor),
        literal(cause.request_id),
        literal(cause.historic),
        data,
    ).order_by(happened.c.member, happened.c.number)
    return insert(event).from_select(list(_NAMES), chosen)


def _minted_like(one: UUID) -> ColumnElement[UUID]:
    """An id of the same instant as another for each row, with a random part of its own."""
    instant, random = str(one)[:_INSTANT], cast(func.gen_random_uuid(), Text)
    return cast(literal(instant, Text).concat(func.substr(random, _INSTANT + 1)), Uuid)


_GIVEN: Final = (
    func.jsonb_to_recordset(bindparam("events", type_=JSONB))
    .table_valued(
        column("member", Uuid),
        column("turn", Integer),
        column("id", Uuid),
        column("type", Text),
        column("schema_version", Integer),
        column("effective_at", DateTime(timezone=True)),
        column("historic", Boolean),
        column("data", JSONB),
        name="given",
    )
    .render_derived(with_types=True)
)


def event_insert(cause: Cause, happened: Event) -> Insert:
    """Return the statement, so that it can travel as a CTE of the caller's own."""
    sequence, feed_xid = numbering(literal(happened.member))
    values = {
        "member": literal(happened.member),
        "sequence": sequence,
        "feed_xid": feed_xid,
        "id": literal(happened.id),
        "type": literal(happened.type),
        "schema_version": literal(happened.schema_version),
        "effective_at": literal(happened.effective_at),
        "actor": literal(cause.actor),
        "request_id": literal(cause.request_id),
        "historic": literal(happened.historic or cause.historic),
        "data": literal(dict(happened.data), JSONB),
    }
    return insert(event).values(values)


def numbering(whose: ColumnElement[UUID]) -> tuple[ColumnElement[int], ColumnElement[Any]]:
    """Return the number and the feed's transaction of a member's next event.

    The transaction is the caller's own or, where a younger one wrote the event before, that one:
    so a member's events stand in the feed in the order of their numbers.
    """
    before = event.alias("before")
    last = select(func.max(before.c.sequence)).where(before.c.member == whose)
    younger = (
        select(before.c.feed_xid)
        .where(before.c.member == whose, before.c.feed_era == func.loyalty.feed_era())
        .order_by(before.c.sequence.desc())
        .limit(1)
    )
    return (
        func.coalesce(last.scalar_subquery(), 0) + 1,
        func.greatest(func.pg_current_xact_id(), younger.scalar_subquery(), type_=Xid8()),
    )


async def own_xid(connection: AsyncConnection) -> str:
    """Return this transaction's id, for events that are copied in and begin a member's feed."""
    own = await connection.scalar(select(cast(func.pg_current_xact_id(), Text)))
    return str(own)
