"""Shapes of ladders, and of where a member stands and why."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

import tiers
from api.schemas.types import Instant, MemberId
from loyalty.policy import Policy
from loyalty.telling import tell_missing
from tiers import Ladder


class FiguresOut(Struct, frozen=True):
    """What counts in a window: purchases in minor units, orders, days with any, assets earned."""

    purchases: int
    orders: int
    active_days: int = 0
    assets: dict[str, int] = {}

    @classmethod
    def of(cls, figures: tiers.Figures) -> "FiguresOut":
        """Show the figures."""
        assets = dict(figures.assets)
        return cls(figures.purchases, figures.orders, figures.active_days, assets)


class WindowOut(Struct, frozen=True):
    """A half-open span of business days."""

    start: date
    end: date


class MissingOut(Struct, frozen=True):
    """What is missing for a tier: every figure (`all`) or one of them (`any`), by a day."""

    tier: str
    join: str
    purchases: int
    orders: int
    wanted: dict[str, int]
    met: bool
    by: date | None
    because: str | None
    leaving: FiguresOut | None
    sentence: str
    active_days: int = 0
    assets: dict[str, int] = {}

    @classmethod
    def of(cls, missing: tiers.Missing, policy: Policy, language: str) -> "MissingOut":
        """Show what is missing, also as a sentence in the caller's language."""
        leaving = missing.leaving
        return cls(
            tier=missing.tier,
            join=missing.join,
            purchases=missing.purchases,
            orders=missing.orders,
            wanted={str(metric): wanted for metric, wanted in missing.wanted},
            met=missing.met,
            by=missing.by,
            because=None if missing.because is None else str(missing.because),
            leaving=None if leaving is None else FiguresOut.of(leaving),
            sentence=tell_missing(missing, policy.currency, language, policy.units),
            active_days=missing.active_days,
            assets=dict(missing.assets),
        )


class TierChangeOut(Struct, frozen=True):
    """One movement of a standing with the figures that decided it."""

    number: int
    on: date
    rule: str
    before: str | None
    after: str
    ladder: int
    window: WindowOut | None
    figures: FiguresOut | None
    seen: list[dict[str, str | int]]
    valid_until: date | None
    recorded_at: Instant

    @classmethod
    def of(cls, recorded: tiers.RecordedChange) -> "TierChangeOut":
        """Show the change."""
        change = recorded.change
        window, figures = change.window, change.figures
        return cls(
            number=recorded.number,
            on=change.on,
            rule=str(change.rule),
            before=change.before,
            after=change.after,
            ladder=change.ladder,
            window=None if window is None else WindowOut(window.start, window.end),
            figures=None if figures is None else FiguresOut.of(figures),
            seen=[
                {"metric": str(part.metric), "seen": part.seen, "wanted": part.wanted}
                for part in change.seen
            ],
            valid_until=change.valid_until,
            recorded_at=recorded.recorded_at,
        )


class TierOut(Struct, frozen=True):
    """Where a member stands, what is missing, and how it came about (newest first)."""

    member: MemberId
    on: date
    history: list[TierChangeOut]
    ladder: int | None = None
    tier: str | None = None
    name: dict[str, str] = {}
    since: date | None = None
    valid_until: date | None = None
    figures: FiguresOut | None = None
    window: WindowOut | None = None
    next: MissingOut | None = None
    keep: MissingOut | None = None


class LadderQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that the ladder was written for; refused when another came since."""

    after: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class LadderOut(Struct, frozen=True):
    """A published ladder."""

    version: int
    tiers: list[str]

    @classmethod
    def of(cls, ladder: Ladder) -> "LadderOut":
        """Show the ladder."""
        return cls(ladder.version, [tier.code for tier in ladder.tiers])


class LadderDocumentOut(Struct, frozen=True):
    """A published ladder with its document."""

    version: int
    ladder: dict[str, Any]
