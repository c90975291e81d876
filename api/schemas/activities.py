"""Shapes of what members do besides buying; there is no room for what somebody wrote or thought."""

from typing import Annotated

from msgspec import Meta, Struct

from api.schemas.types import Code, ExternalId, Instant, Language, MemberId, Text
from loyalty.activities.kinds import ActivityKind
from loyalty.activities.types import PREFIX, Activity
from loyalty.ids import show

Titles = Annotated[dict[Language, Text], Meta(min_length=1, max_length=20)]


class ActivityBody(Struct, frozen=True, forbid_unknown_fields=True):
    """That a member did something; `event_id` is the shop's own id of it."""

    event_id: ExternalId
    kind: Code
    member: Annotated[str, Meta(max_length=220, description="Our id, or ext: and the shop's id.")]
    occurred_at: Instant | None = None
    channel: Annotated[str, Meta(max_length=60)] = ""


class ActivityWhyOut(Struct, frozen=True):
    """What one version of a rule gave."""

    rule: str
    version: int
    points: int


class ActivityOut(Struct, frozen=True):
    """An event as recorded: what it earned, by which rules, and from when it may be spent."""

    event: str
    member: MemberId
    kind: str
    occurred_at: Instant
    channel: str
    points: int
    activates_at: Instant | None
    rule_set: int
    why: list[ActivityWhyOut]

    @classmethod
    def of(cls, one: Activity) -> "ActivityOut":
        """Show the event."""
        return cls(
            event=show(PREFIX, one.id),
            member=show("mem", one.member),
            kind=one.kind,
            occurred_at=one.occurred_at,
            channel=one.channel,
            points=one.points,
            activates_at=one.activates_at,
            rule_set=one.rule_set,
            why=[ActivityWhyOut(each.rule, each.version, each.points) for each in one.why],
        )


class KindBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of event, and what people call it, by language."""

    kind: Code
    titles: Titles


class KindOut(Struct, frozen=True):
    """A kind of event; those that every shop knows are built in."""

    kind: str
    titles: dict[str, str]
    built_in: bool
    retired_at: Instant | None

    @classmethod
    def of(cls, kind: ActivityKind) -> "KindOut":
        """Show the kind."""
        return cls(kind.kind, dict(kind.titles), kind.built_in, kind.retired_at)


class KindsOut(Struct, frozen=True):
    """Every kind of event."""

    items: list[KindOut]
