"""Shapes of tags and of uploaded lists of members on the wire."""

from typing import Annotated

from msgspec import Meta, Struct

from api.schemas.types import ExternalId, Instant
from loyalty.members import MemberList, Uploaded

Tag = Annotated[
    str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$", description="A code.", examples=["vip"])
]
Tags = Annotated[list[Tag], Meta(max_length=50)]


class TagsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """All tags that a member is to have."""

    tags: Tags


class MarksOut(Struct, frozen=True):
    """A member's tags, and the lists that they are on."""

    tags: list[str]
    lists: list[str]


class MemberListBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Everybody who is to be on a list, by the shop's ids."""

    members: Annotated[list[ExternalId], Meta(max_length=100_000)]


class MemberListOut(Struct, frozen=True):
    """A list of members, and how many are on it."""

    name: str
    members: int
    made_at: Instant
    changed_at: Instant
    retired_at: Instant | None

    @classmethod
    def of(cls, found: MemberList) -> "MemberListOut":
        """Show a list."""
        return cls(
            name=found.name,
            members=found.members,
            made_at=found.made_at,
            changed_at=found.changed_at,
            retired_at=found.retired_at,
        )


class MemberListsOut(Struct, frozen=True):
    """The lists by name."""

    items: list[MemberListOut]


class UploadedOut(Struct, frozen=True):
    """What an upload came to; `unknown` are the shop's ids that no member has."""

    member_list: MemberListOut
    added: int
    removed: int
    unknown: list[str]

    @classmethod
    def of(cls, done: Uploaded) -> "UploadedOut":
        """Show what an upload came to."""
        shown = MemberListOut.of(done.list)
        return cls(shown, done.added, done.removed, [*done.unknown])
