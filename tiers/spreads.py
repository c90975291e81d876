"""How the members' figures are spread, and where a ladder's thresholds lie among them.

Reads only, one statement for all metrics. The one idea: every threshold is the least of a bucket,
so what it divides is exact, and between two thresholds lie equally many buckets, so that each tier
is seen whatever the scale.
"""

from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    FromClause,
    Integer,
    Select,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.calendar import calendar_of, earliest_start
from tiers.counting import Counting
from tiers.lookup import Days, anchor_of
from tiers.scale import ASSET, Ladder, Metric, Threshold, WindowKind
from tiers.tables import standing

_PARTS: Final = 8
_MOST: Final = 64
"""How many buckets lie between two thresholds, and in all; a ladder of many tiers has fewer."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many members have a figure from `least` to below `below`; the last one is open."""

    least: int
    below: int | None
    members: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a threshold lies, and how many members have that much or more."""

    tier: str
    kind: Literal["reach", "keep"]
    wanted: int
    members: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The figures of one metric: buckets without gaps from 0 up, and the thresholds as marks."""

    metric: str
    buckets: tuple[Bucket, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The spreads of every metric that a ladder names, in the window of a day."""

    on: date
    members: int
    spreads: tuple[Spread, ...]


async def distribution(
    connection: AsyncConnection,
    ladder: Ladder,
    *,
    on: date,
    members: Select[UUID] | None = None,
) -> Distribution:
    """What the members have in the ladder's window of a day, metric by metric.

    `members` selects whom to count, for instance consumers only; who has no activity is in the
    first bucket of each metric. Each threshold, of reaching and of keeping, is a mark.
    """
    metrics = [metric for metric in _ordered(ladder) if _bounds(ladder, metric)]
    bounds = [_bounds(ladder, metric) for metric in metrics]
    if not metrics:
        return Distribution(on, await _count(connection, members), ())
    figures = _figures(ladder, on, members)
    counting = Counting(ladder, on)
    buckets = [
        func.width_bucket(
            func.coalesce(figures.c[counting.column_of(metric)], 0),
            literal(least, ARRAY(BigInteger)),
            type_=Integer,
        ).label(f"bucket_{at}")
        for at, (metric, least) in enumerate(zip(metrics, bounds, strict=True))
    ]
    each = select(*buckets).select_from(_wanted(figures, members)).subquery("each")
    sets = func.grouping_sets(*(tuple_(column) for column in each.c))
    rows = (await connection.execute(select(*each.c, func.count()).group_by(sets))).all()
    counted = [
        {row[at]: row[-1] for row in rows if row[at] is not None} for at in range(len(metrics))
    ]
    spreads = (
        _spread(ladder, metric, least, [seen.get(number, 0) for number in range(1, len(least) + 1)])
        for metric, least, seen in zip(metrics, bounds, counted, strict=True)
    )
    return Distribution(on, sum(counted[0].values()), tuple(spreads))


async def _count(connection: AsyncConnection, members: Select[UUID] | None) -> int:
    """How many members there are, for a ladder that asks nothing of them."""
    wanted = members if members is not None else select(standing.c.member)
    statement = select(func.count()).select_from(wanted.subquery("wanted"))
    return (await connection.execute(statement)).scalar_one()


def _ordered(ladder: Ladder) -> list[str]:
    """The metrics of a ladder in a stable order: purchases, orders, active days, assets."""
    plain = [str(metric) for metric in Metric if metric in ladder.metrics]
    return plain + [f"{ASSET}{code}" for code in ladder.assets]


def _thresholds(ladder: Ladder) -> list[tuple[str, Literal["reach", "keep"], Threshold]]:
    return [
        one
        for tier in ladder.tiers[1:]
        for one in ((tier.code, "reach", tier.reach), (tier.code, "keep", tier.keep))
    ]


def _bounds(ladder: Ladder, metric: str) -> list[int]:
    """Where buckets begin: at 0, at every threshold, between them, and as far again above."""
    wanted = sorted({dict(one.minimums).get(metric, 0) for *_, one in _thresholds(ladder)} - {0})
    if not wanted:
        return []
    parts = max(1, min(_PARTS, _MOST // len(wanted)))
    begin = {0}
    for least, most in pairwise([0, *wanted, 2 * wanted[-1]]):
        steps = min(parts, most - least)
        begin |= {least + (most - least) * step // steps for step in range(1, steps + 1)}
    return sorted(begin)


def _figures(ladder: Ladder, on: date, members: Select[UUID] | None) -> CTE:
    """What each member who has any activity in the window has there."""
    counting = Counting(ladder, on)
    places = select(standing.c.member, anchor_of(ladder).label("anchor"))
    if members is not None:
        places = places.where(standing.c.member.in_(members))
    stands = places.cte("stands")
    start = earliest_start(ladder, on)
    facts = counting.facts(stands, since=start)
    sums = (cast(func.sum(facts.c[name]), BigInteger).label(name) for name in counting.columns)
    statement = select(facts.c.member, *sums).group_by(facts.c.member)
    if ladder.window.kind is not WindowKind.ANNIVERSARY:
        return statement.where(facts.c.dated >= literal(start)).cte("figures")
    starts = Days(calendar_of(ladder, on, on)).starts(stands.c.anchor, literal(on))
    return (
        statement.join(stands, stands.c.member == facts.c.member)
        .where(facts.c.dated >= starts)
        .cte("figures")
    )


def _wanted(figures: CTE, members: Select[UUID] | None) -> FromClause:
    """Everybody to be counted, beside their figures."""
    if members is None:
        return standing.outerjoin(figures, figures.c.member == standing.c.member)
    wanted = members.subquery("wanted")
    return wanted.outerjoin(figures, figures.c.member == wanted.columns[0])


def _spread(ladder: Ladder, metric: str, bounds: list[int], counted: list[int]) -> Spread:
    ends: list[int | None] = [*bounds[1:], None]
    rows = zip(bounds, ends, counted, strict=True)
    above = dict(zip(bounds, reversed(list(accumulate(reversed(counted)))), strict=True))
    marks = (
        Mark(tier, kind, wanted, above[wanted])
        for tier, kind, threshold in _thresholds(ladder)
        if (wanted := dict(threshold.minimums).get(metric, 0))
    )
    return Spread(metric, tuple(Bucket(*row) for row in rows), tuple(marks))
