"""Shapes of changes of expiry: what a policy would make of points already earned."""

from typing import Any

from msgspec import Struct

from api.schemas.types import Instant
from loyalty.ids import show
from loyalty.lifetimes import ExpiryChange
from loyalty.policy import document_of


class PreviewBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole policy, to see what it would make of points already earned."""

    policy: dict[str, Any]


class MonthOut(Struct, frozen=True):
    """What would end in a month (none: never), and what ends then today."""

    month: str | None
    lots: int
    points: int
    members: int
    lots_before: int
    points_before: int


class ShiftOut(Struct, frozen=True):
    """What would end `earlier`, `later`, or at the `same` instant."""

    direction: str
    lots: int
    points: int
    members: int


class PreviewOut(Struct, frozen=True):
    """A preview, what became of it, and how far its lots are moved."""

    id: str
    policy: dict[str, Any]
    replaces: int
    previewed_at: Instant
    no_end_before: Instant
    months: list[MonthOut]
    shifts: list[ShiftOut]
    published: int | None
    confirmed_at: Instant | None
    lots_moved: int
    points_moved: int
    members_moved: int
    done: bool

    @classmethod
    def of(cls, change: ExpiryChange) -> "PreviewOut":
        """Show the preview."""
        return cls(
            id=show("prv", change.id),
            policy=document_of(change.policy),
            replaces=change.replaces,
            previewed_at=change.previewed_at,
            no_end_before=change.soonest,
            months=[MonthOut(**month) for month in change.months],
            shifts=[ShiftOut(**shift) for shift in change.shifts],
            published=change.published,
            confirmed_at=change.confirmed_at,
            lots_moved=change.lots_moved,
            points_moved=change.points_moved,
            members_moved=change.members_moved,
            done=change.done,
        )


class PreviewsOut(Struct, frozen=True):
    """The previews, newest first."""

    items: list[PreviewOut]
