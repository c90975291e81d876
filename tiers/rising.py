"""On which days many members come to meet a higher tier: the days on which a standing may rise.

The one idea: only a day counts on which more is met than at the end of the day before. Who goes on
meeting a tier is never judged below it, because what reaches a tier keeps it as well.
"""

from sqlalchemy import (
    CTE,
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

from tiers.scale import WindowKind
from tiers.walking import Walking

_SLIDING = frozenset({WindowKind.ROLLING_DAYS, WindowKind.ROLLING_MONTHS})


def rising(walking: Walking, places: FromClause, facts: CTE, calendar: CTE) -> CTE:
    """On which days which tiers are met anew, as arrays of each member."""
    met = _met(walking, _moves(walking, places, facts, calendar))
    day = calendar.alias("reached")
    rises = (
        select(
            met.c.member,
            met.c.day.label("on_day"),
            met.c.rank,
            day.c.valid.label("until"),
            day.c.starts,
        )
        .join(day, walking.at(day, met.c.anchor, met.c.day))
        .where(met.c.bought, met.c.rank > met.c.before)
    )
    if walking.counting.ladder.upgrade == "next-period":
        rises = rises.with_only_columns(
            met.c.member,
            day.c.leaves.label("on_day"),
            func.max(met.c.rank).label("rank"),
            func.max(day.c.valid).label("until"),
            func.max(day.c.starts).label("starts"),
        ).group_by(met.c.member, day.c.leaves)
    each = rises.subquery("rises")
    return (
        select(
            each.c.member,
            func.array_agg(each.c.on_day).label("rise_days"),
            func.array_agg(each.c.rank).label("rise_ranks"),
            func.array_agg(each.c.until).label("rise_untils"),
            func.array_agg(each.c.starts).label("rise_starts"),
        )
        .group_by(each.c.member)
        .cte("rising")
    )


def _moves(walking: Walking, places: FromClause, facts: CTE, calendar: CTE) -> FromClause:
    """What comes into windows on which day, and goes; `span` names what is summed up together.

    Where windows are periods, nothing goes: each period is summed up by itself. What was known
    before the first day of a place comes on that day.
    """
    names, day = walking.counting.columns, calendar.alias("dated")
    come = func.greatest(facts.c.known, places.c.cur)
    statement = (
        select(
            facts.c.member,
            come.label("day"),
            places.c.anchor,
            *(facts.c[name] for name in names),
            true().label("bought"),
            day.c.starts.label("span"),
        )
        .join(places, places.c.member == facts.c.member)
        .join(day, walking.at(day, places.c.anchor, facts.c.dated))
    )
    if walking.counting.ladder.window.kind not in _SLIDING:
        return statement.where(or_(day.c.leaves.is_(None), come < day.c.leaves)).subquery("moves")
    always = literal(walking.counting.on, Date).label("span")
    come_in = statement.with_only_columns(*list(statement.selected_columns)[:-1], always)
    gone = statement.with_only_columns(
        facts.c.member,
        func.greatest(day.c.leaves, come),
        places.c.anchor,
        *(-facts.c[name] for name in names),
        false(),
        always,
    ).where(day.c.leaves <= literal(walking.counting.on, Date))
    return union_all(come_in, gone).subquery("moves")


def _met(walking: Walking, moves: FromClause) -> FromClause:
    """The rank that is met at the end of each day, beside that of the day before."""
    names = walking.counting.columns
    together: list[ColumnElement[object]] = [moves.c.member, moves.c.span]
    running: Select[object] = select(
        moves.c.member,
        moves.c.day,
        moves.c.anchor,
        moves.c.bought,
        moves.c.span,
        *(
            func.sum(moves.c[name]).over(partition_by=together, order_by=moves.c.day).label(name)
            for name in names
        ),
    )
    sums = running.subquery("sums")
    rank = walking.counting.highest({name: sums.c[name] for name in names}, "reach")
    ranked = select(
        sums.c.member, sums.c.day, sums.c.anchor, sums.c.bought, sums.c.span, rank.label("rank")
    ).subquery("ranked")
    before = func.lag(ranked.c.rank, 1, 0).over(
        partition_by=[ranked.c.member, ranked.c.span],
        order_by=[ranked.c.day, ranked.c.bought.desc()],
    )
    return select(ranked, cast(before, Integer).label("before")).subquery("met")
