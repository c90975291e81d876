"""Shapes of the feed of events, and of the messages to members."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from api.schemas.types import Instant
from loyalty.event_types import EventType
from loyalty.ids import show
from loyalty.outbox import Message, Told, cursor_of

StateName = Literal["queued", "sending", "sent", "failed", "skipped"]


class EventOut(Struct, frozen=True):
    """Something that happened to a member; `sequence` counts the member's events from 1."""

    id: str
    type: str
    schema_version: int
    member: str
    sequence: int
    effective_at: Instant
    recorded_at: Instant
    actor: str
    request_id: str
    historic: bool
    data: dict[str, Any]

    @classmethod
    def of(cls, told: Told) -> "EventOut":
        """Show the event."""
        return cls(
            id=show("evt", told.id),
            type=told.type,
            schema_version=told.schema_version,
            member=show("mem", told.member),
            sequence=told.sequence,
            effective_at=told.effective_at,
            recorded_at=told.recorded_at,
            actor=told.actor,
            request_id=told.request_id,
            historic=told.historic,
            data=dict(told.data),
        )


class FeedOut(Struct, frozen=True):
    """A part of the feed: `next` is where to go on, at once if there is `more`."""

    items: list[EventOut]
    next: str | None
    more: bool

    @classmethod
    def of(cls, events: list[Told], *, after: str | None, more: bool) -> "FeedOut":
        """Show the part; an empty one goes on where it was asked to begin."""
        next_ = cursor_of(events[-1]) if events else after
        return cls([EventOut.of(told) for told in events], next_, more)


class EventTypeOut(Struct, frozen=True):
    """A type of event and the JSON Schema of its data."""

    type: str
    schema_version: int
    summary: str
    schema: dict[str, Any]

    @classmethod
    def of(cls, declared: EventType) -> "EventTypeOut":
        """Show the type."""
        return cls(declared.name, declared.version, declared.summary, declared.document())


class EventTypesOut(Struct, frozen=True):
    """Every type of event there is."""

    items: list[EventTypeOut]


class ToldBody(Struct, frozen=True, forbid_unknown_fields=True):
    """When the shop told the member; now when left out."""

    told_at: Instant | None = None


class MessageOut(Struct, frozen=True):
    """A message to a member, without address or content.

    `uncertain` counts how often it may have gone out without proof; `answer` is the mail server's
    last word, the proof of sending once it is sent.
    """

    id: str
    member: str
    event: str
    template: str
    message_id: str
    state: StateName
    reason: str | None
    language: str | None
    attempts: int
    uncertain: Annotated[int, Meta(ge=0)]
    queued_at: Instant
    next_at: Instant | None
    sent_at: Instant | None
    answer: str | None

    @classmethod
    def of(cls, message: Message) -> "MessageOut":
        """Show the message."""
        return cls(
            id=show("msg", message.id),
            member=show("mem", message.member),
            event=show("evt", message.event),
            template=message.template,
            message_id=message.message_id,
            state=message.state.value,
            reason=message.reason,
            language=message.language,
            attempts=message.attempts,
            uncertain=message.uncertain,
            queued_at=message.queued_at,
            next_at=message.next_at,
            sent_at=message.sent_at,
            answer=message.answer,
        )
