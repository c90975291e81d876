"""Shapes of ladders in the making, and of what people do to a standing by hand."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

import tiers
from api.schemas.corrections import Note
from api.schemas.types import Code, Instant, MemberId
from loyalty.ids import show
from loyalty.ladders import DRAFT

TierCode = Annotated[str, Meta(min_length=1, max_length=40, description="The code of a tier.")]
Metric = Annotated[
    str,
    Meta(max_length=60, description="purchases, orders, active_days or asset:<code>."),
]
Share = Annotated[
    int, Meta(ge=1, le=9_999, description="A share of members in parts of ten thousand: 800 is 8 %")
]


class DraftOut(Struct, frozen=True):
    """A draft of a ladder, and what became of it."""

    id: str
    state: str
    ladder: dict[str, Any]
    made_at: Instant
    moves: str | None
    starts_on: date | None
    version: int | None

    @classmethod
    def of(cls, draft: tiers.Draft) -> "DraftOut":
        """Show the draft."""
        return cls(
            id=show(DRAFT, draft.id),
            state=draft.state,
            ladder=dict(draft.document),
            made_at=draft.made_at,
            moves=draft.moves,
            starts_on=draft.starts_on,
            version=draft.published,
        )


class DraftsOut(Struct, frozen=True):
    """The drafts, newest first."""

    items: list[DraftOut]


class PreviewBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The business day to look at, today when left out."""

    on: date | None = None


class CellOut(Struct, frozen=True):
    """How many members would come from one tier to another."""

    before: str | None
    after: str
    members: int


class MoverOut(Struct, frozen=True):
    """A member whose tier would change, and what they bought in the year before."""

    member: MemberId
    before: str
    after: str
    purchases: int

    @classmethod
    def of(cls, mover: tiers.Mover) -> "MoverOut":
        """Show the member."""
        return cls(show("mem", mover.member), mover.before, mover.after, mover.purchases)


class LadderPreviewOut(Struct, frozen=True):
    """Where a draft would put everybody: a matrix, who gains and who loses most."""

    number: int
    on: date
    members: int
    gained: int
    lost: int
    matrix: list[CellOut]
    gainers: list[MoverOut]
    losers: list[MoverOut]

    @classmethod
    def of(cls, number: int, seen: tiers.Preview) -> "LadderPreviewOut":
        """Show the preview."""
        return cls(
            number=number,
            on=seen.on,
            members=seen.members,
            gained=seen.gained,
            lost=seen.lost,
            matrix=[CellOut(*cell) for cell in seen.matrix],
            gainers=[MoverOut.of(one) for one in seen.gainers],
            losers=[MoverOut.of(one) for one in seen.losers],
        )


class TargetsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The share of members wanted on each tier or above, and the metric to move for it."""

    targets: Annotated[dict[TierCode, Share], Meta(min_length=1)]
    metric: Metric = "purchases"


class TargetsOut(Struct, frozen=True):
    """A ladder whose thresholds meet the targets, and how many members that puts where."""

    ladder: dict[str, Any]
    members: int
    reached: dict[str, int]

    @classmethod
    def of(cls, met: tiers.Met) -> "TargetsOut":
        """Show the ladder."""
        return cls(tiers.document_of(met.ladder), met.members, dict(met.reached))


class PublishBody(Struct, frozen=True, forbid_unknown_fields=True):
    """When members move: at once, at their next review, or all at once on a day to come.

    `after` is the version the draft was written for; refused when another came since.
    """

    moves: Literal["at-once", "next-review"]
    on: date | None = None
    after: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class GrantBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A tier to hold a member at, until a day (exclusive), and why."""

    tier: TierCode
    until: date | None = None
    reason: Code | None = None
    note: Note | None = None


class LiftBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a grant is taken back."""

    reason: Code | None = None
    note: Note | None = None


class PinBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the tier in force may move, and why."""

    frozen: bool
    reason: Code | None = None
    note: Note | None = None


class StandingOut(Struct, frozen=True):
    """Where a member stands after it: the tier in force, and the earned one beneath."""

    tier: str
    earned: str
    granted_until: date | None
    frozen: bool

    @classmethod
    def of(cls, standing: tiers.Standing) -> "StandingOut":
        """Show the standing."""
        floor = standing.floor_of("grant")
        return cls(
            tier=standing.effective_on(standing.through)[0],
            earned=standing.tier,
            granted_until=floor.until if floor is not None else None,
            frozen=standing.freeze is not None,
        )
