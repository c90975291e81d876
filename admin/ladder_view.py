"""What the pages of ladders share: who has how much, and who would move from where to where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from admin.asked import further
from admin.charts import SpreadChart, spread_chart
from admin.language import Voice
from admin.standings import TierMark, mark_of, metric_name, threshold_words, window_words
from admin.visit import Visit
from loyalty.ids import show
from loyalty.ladders import distribution_of
from loyalty.members.listing import entries_of


@dataclass(frozen=True, slots=True)
class Reach:
    """A tier's threshold: what it asks of the metric, and how many members have that."""

    mark: TierMark
    wanted: str
    keep: str | None
    members: int
    share: str


@dataclass(frozen=True, slots=True)
class SpreadView:
    """The members by one metric: the drawing, and the same in figures."""

    metric: str
    name: str
    members: int
    chart: SpreadChart
    labels: tuple[str, ...]
    """The threshold of each line of the drawing, as it is written below it."""
    reaches: tuple[Reach, ...]
    buckets: tuple[tuple[str, str | None, int], ...]
    views: tuple[tuple[str, str, bool], ...]


async def spread_view(
    connection: AsyncConnection, visit: Visit, ladder: tiers.Ladder
) -> SpreadView | None:
    """How the members of today lie around a ladder's thresholds, by the metric asked for."""
    found = await distribution_of(connection, visit.cause(), ladder)
    if not found.spreads:
        return None
    by_metric = {one.metric: one for one in found.spreads}
    spread = by_metric.get(visit.query.get("metric", ""), found.spreads[0])
    return _drawn(visit, ladder, found, spread)


def _drawn(
    visit: Visit, ladder: tiers.Ladder, found: tiers.Distribution, spread: tiers.Spread
) -> SpreadView:
    voice, metric = visit.voice, spread.metric
    marks = {one.tier: mark_of(voice, ladder, one.tier) for one in spread.marks}
    reach = [one for one in spread.marks if one.kind == "reach"]
    keep = {one.tier: one.wanted for one in spread.marks if one.kind == "keep"}
    chart = spread_chart(
        [(one.least, one.members) for one in spread.buckets],
        [(one.wanted, marks[one.tier].name, marks[one.tier].colour) for one in reach],
    )
    return SpreadView(
        metric=metric,
        name=metric_name(voice, metric),
        members=found.members,
        chart=chart,
        labels=tuple(plain(voice, metric, one.wanted) for one in reach),
        reaches=tuple(
            Reach(
                marks[one.tier],
                plain(voice, metric, one.wanted),
                plain(voice, metric, keep[one.tier])
                if keep.get(one.tier, one.wanted) != one.wanted
                else None,
                one.members,
                voice.share(one.members, found.members),
            )
            for one in reversed(reach)
        ),
        buckets=tuple(
            (
                plain(voice, metric, one.least),
                None if one.below is None else plain(voice, metric, one.below),
                one.members,
            )
            for one in spread.buckets
        ),
        views=tuple(
            (
                metric_name(voice, one.metric),
                further(visit, metric=one.metric) + "#spread",
                one.metric == metric,
            )
            for one in found.spreads
        ),
    )


def plain(voice: Voice, metric: str, amount: int) -> str:
    """A figure of a metric without its name, money without needless cents."""
    return voice.money(amount) if metric == tiers.Metric.PURCHASES else voice.number(amount)


@dataclass(frozen=True, slots=True)
class Cell:
    """How many members would come from one tier to another; ``way`` is up, down or same."""

    members: int
    way: str


@dataclass(frozen=True, slots=True)
class Row:
    """Where the members of one tier would go."""

    mark: TierMark | None
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Mover:
    """A member whose tier would change."""

    href: str
    name: str
    before: TierMark
    after: TierMark
    purchases: int


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A kept preview: the matrix of who moves, and who gains and loses most."""

    preview: tiers.StoredPreview
    columns: tuple[TierMark, ...]
    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    members: int
    gained: int
    lost: int
    gainers: tuple[Mover, ...]
    losers: tuple[Mover, ...]


async def preview_view(
    connection: AsyncConnection,
    voice: Voice,
    kept: tiers.StoredPreview,
    ladder: tiers.Ladder,
    live: tiers.Ladder | None,
) -> PreviewView:
    """A preview ready to be shown; members are called what they are called today."""
    figures, codes = kept.figures, [tier.code for tier in reversed(ladder.tiers)]
    cells = {(before, after): members for before, after, members in figures["matrix"]}
    listed = [*figures["gainers"], *figures["losers"]]
    found = await entries_of(connection, sorted({UUID(one["member"]) for one in listed}))
    names = {one.id: one.name or one.external_id or one.email or "" for one in found}

    def movers(kind: str) -> tuple[Mover, ...]:
        return tuple(_mover(voice, one, names, ladder, live) for one in figures[kind])

    befores = _befores(cells, ladder, live)
    return PreviewView(
        preview=kept,
        columns=tuple(mark_of(voice, ladder, code) for code in codes),
        rows=tuple(
            Row(
                None if before is None else _mark(voice, before, ladder, live),
                tuple(
                    Cell(cells.get((before, code), 0), _way(before, code, ladder, live))
                    for code in codes
                ),
                sum(cells.get((before, code), 0) for code in codes),
            )
            for before in befores
        ),
        totals=tuple(sum(cells.get((before, code), 0) for before in befores) for code in codes),
        members=figures["members"],
        gained=figures["gained"],
        lost=figures["lost"],
        gainers=movers("gainers"),
        losers=movers("losers"),
    )


def _befores(
    cells: Mapping[tuple[str | None, str], int], ladder: tiers.Ladder, live: tiers.Ladder | None
) -> list[str | None]:
    """The tiers that members come from: the live ones highest first, then others, then unknown."""
    known = [tier.code for tier in reversed((live or ladder).tiers)]
    seen = {before for before, _ in cells}
    others = sorted(code for code in seen if code is not None and code not in known)
    return [*known, *others, *([None] if None in seen else [])]


def _rank(code: str | None, ladder: tiers.Ladder, live: tiers.Ladder | None) -> int:
    """The rank on the new ladder; a tier that is gone stands one below, as the preview has it."""
    ranks = {tier.code: at for at, tier in enumerate(ladder.tiers)}
    gone = {tier.code: at for at, tier in enumerate(live.tiers if live is not None else ())}
    if code in ranks:
        return ranks[code]
    return max(0, min(gone[code], len(ladder.tiers)) - 1) if code in gone else 0


def _way(before: str | None, after: str, ladder: tiers.Ladder, live: tiers.Ladder | None) -> str:
    was, becomes = _rank(before, ladder, live), _rank(after, ladder, live)
    if was == becomes:
        return "same"
    return "up" if becomes > was else "down"


def _mark(voice: Voice, code: str, ladder: tiers.Ladder, live: tiers.Ladder | None) -> TierMark:
    on_draft = any(tier.code == code for tier in ladder.tiers)
    return mark_of(voice, ladder if on_draft or live is None else live, code)


def _mover(
    voice: Voice,
    figures: Mapping[str, Any],
    names: Mapping[UUID, str],
    ladder: tiers.Ladder,
    live: tiers.Ladder | None,
) -> Mover:
    ident = show("mem", UUID(figures["member"]))
    return Mover(
        f"/console/members/{ident}/tier",
        names.get(UUID(figures["member"])) or f"…{ident[-6:]}",
        _mark(voice, figures["before"], ladder, live),
        _mark(voice, figures["after"], ladder, live),
        figures["purchases"],
    )


def differences(
    voice: Voice, live: tiers.Ladder | None, ladder: tiers.Ladder
) -> Sequence[tuple[str, str | None, str | None]]:
    """What a draft changes on the live ladder: of what, what it was, what it becomes."""
    told: list[tuple[str, str | None, str | None]] = []
    before = {} if live is None else {tier.code: tier for tier in live.tiers}
    for tier in reversed(ladder.tiers):
        name, was = mark_of(voice, ladder, tier.code).name, before.get(tier.code)
        reach, keep = threshold_words(voice, tier.reach), threshold_words(voice, tier.keep)
        if was is None:
            told.append((voice.say("%(tier)s is new", tier=name), None, reach))
            continue
        old = threshold_words(voice, was.reach), threshold_words(voice, was.keep)
        if old[0] != reach:
            told.append((voice.say("%(tier)s is reached with", tier=name), old[0], reach))
        if old[1] != keep and (old[1] != old[0] or keep != reach):
            told.append((voice.say("%(tier)s is kept with", tier=name), old[1], keep))
    for code in before.keys() - {tier.code for tier in ladder.tiers}:
        gone = mark_of(voice, live or ladder, code).name
        told.append((voice.say("%(tier)s is gone", tier=gone), None, None))
    words = [] if live is None else window_words(voice, live)
    becomes = window_words(voice, ladder)
    told += [(voice.say("No longer"), one, None) for one in words if one not in becomes]
    told += [(voice.say("From then on"), None, one) for one in becomes if one not in words]
    return told
