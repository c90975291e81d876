"""On which days many members come to meet a higher tier: the days on which a standing may rise.

The one idea: only a day counts on which more is met than at the end of the day before. Who goes on
meeting a tier is never judged below it, because what reaches a tier keeps it as well.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from tiers.packing import arrays_of, some, whole_periods
from tiers.scale import WindowKind
from tiers.walking import Walking

SLIDING: Final = frozenset({WindowKind.ROLLING_DAYS, WindowKind.ROLLING_MONTHS})


def rising(walking: Walking, facts: CTE) -> CTE:
    """On which days which tiers are met anew, as arrays of each member who ever meets one.

    Where whole periods are judged, the totals of these come along (`tiers.packing`).
    """
    met = _met(walking, _moves(walking, facts))
    up = met.c.bought & (met.c.rank > met.c.before)
    at_once = walking.counting.ladder.upgrade == "at-once"
    if whole_periods(walking.counting.ladder):
        totals = {name: met.c[name] for name in walking.counting.columns}
        up = up if at_once else met.c.last & (met.c.rank > 0)
        arrays = arrays_of(walking.counting, met.c.span, met.c.span, totals, where=met.c.last)
        found = _arrays(walking, met, met.c.day, met.c.rank, up)
        return (
            select(met.c.member, *found, *arrays)
            .group_by(met.c.member)
            .having(func.bool_or(up))
            .cte("rising")
        )
    rises = select(met).where(up).subquery("rises") if at_once else _in_periods(met, up)
    found = _arrays(walking, rises, rises.c.day, rises.c.rank, None)
    return select(rises.c.member, *found).group_by(rises.c.member).cte("rising")


def _in_periods(met: FromClause, up: ColumnElement[bool]) -> FromClause:
    """The most that is met in each period, on whichever of its days."""
    return (
        select(
            met.c.member,
            met.c.anchor,
            func.max(met.c.day).label("day"),
            func.max(met.c.rank).label("rank"),
        )
        .where(up)
        .group_by(met.c.member, met.c.anchor, met.c.span)
        .subquery("rises")
    )


def _arrays(
    walking: Walking,
    rises: FromClause,
    day: ColumnElement[Any],
    rank: ColumnElement[Any],
    where: ColumnElement[bool] | None,
) -> Sequence[ColumnElement[Any]]:
    """The rises as arrays: at once on their day, or on the first day of the next period."""
    days, period = walking.days, (rises.c.anchor, day)
    on_day = day if walking.counting.ladder.upgrade == "at-once" else days.leaves(*period)
    columns = {
        "rise_days": on_day,
        "rise_ranks": rank,
        "rise_untils": days.valid(*period),
        "rise_starts": days.starts(*period),
    }
    return some({name: func.array_agg(column) for name, column in columns.items()}, where)


def _moves(walking: Walking, facts: CTE) -> FromClause:
    """What comes into windows on which day, and goes; `span` names what is summed up together.

    Where windows are periods, nothing goes: each period is summed up by itself. What was known
    before the first day of a place comes on that day.
    """
    names, dated = walking.counting.columns, (facts.c.anchor, facts.c.dated)
    come = func.greatest(facts.c.known, facts.c.cur)
    leaves = walking.days.leaves(*dated)
    sliding = walking.counting.ladder.window.kind in SLIDING
    always = literal(walking.counting.on, Date)
    statement: Select[Any] = select(
        facts.c.member,
        come.label("day"),
        facts.c.anchor,
        *(facts.c[name] for name in names),
        true().label("bought"),
        (always if sliding else walking.days.starts(*dated)).label("span"),
    )
    if not sliding:
        return statement.where(or_(leaves.is_(None), come < leaves)).subquery("moves")
    gone = statement.with_only_columns(
        facts.c.member,
        func.greatest(leaves, come),
        facts.c.anchor,
        *(-facts.c[name] for name in names),
        false(),
        always,
    ).where(leaves <= always)
    return union_all(statement, gone).subquery("moves")


def _met(walking: Walking, moves: FromClause) -> FromClause:
    """The rank that is met at the end of each day, beside that of the day before.

    `last` marks the last of what is summed up together.
    """
    names, together = walking.counting.columns, ("member", "span")
    running = (
        cast(
            func.sum(moves.c[name]).over(
                partition_by=[moves.c[one] for one in together], order_by=moves.c.day
            ),
            BigInteger,
        ).label(name)
        for name in names
    )
    sums = select(
        *(moves.c[name] for name in ("member", "day", "anchor", "bought", "span")), *running
    ).subquery("sums")
    rank = walking.counting.highest({name: sums.c[name] for name in names}, "reach")
    ranked = select(sums, rank.label("rank")).subquery("ranked")
    order: list[ColumnElement[Any]] = [ranked.c.day]
    if walking.counting.ladder.window.kind in SLIDING:
        order.append(ranked.c.bought.desc())
    spans = [ranked.c[one] for one in together]
    before = func.lag(ranked.c.rank, 1, 0).over(partition_by=spans, order_by=order)
    after = func.lead(ranked.c.rank).over(partition_by=spans, order_by=order)
    beside = cast(before, Integer).label("before"), after.is_(None).label("last")
    return select(ranked, *beside).subquery("met")
