"""On which days many members meet which tiers: the days on which a standing may rise.

The one idea: every fact enters its window on the day it is known and leaves it on a day the
calendar names, so that a running sum over both is what the window holds on any day.
"""

from sqlalchemy import (
    CTE,
    BigInteger,
    Date,
    FromClause,
    cast,
    false,
    func,
    literal,
    select,
    true,
    union_all,
)

from tiers.walking import Walking


def rising(walking: Walking, places: FromClause, facts: CTE, calendar: CTE) -> CTE:
    """On which days which tiers are met, as arrays of each member: where a place may rise."""
    running = _running(walking, places, facts, calendar)
    day = calendar.alias("reached")
    counted = {name: running.c[name] for name in walking.counting.columns}
    met = (
        select(
            running.c.member,
            running.c.day,
            running.c.anchor,
            walking.counting.highest(counted, "reach").label("rank"),
        )
        .where(running.c.bought)
        .subquery("met")
    )
    rises = (
        select(
            met.c.member,
            met.c.day.label("on_day"),
            met.c.rank,
            day.c.valid.label("until"),
            day.c.starts,
        )
        .join(day, walking.at(day, met.c.anchor, met.c.day))
        .where(met.c.rank > 0)
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


def _running(walking: Walking, places: FromClause, facts: CTE, calendar: CTE) -> FromClause:
    """What is counted at the end of every day on which something enters or leaves a window."""
    names = walking.counting.columns
    day = calendar.alias("dated")
    come = select(
        facts.c.member,
        facts.c.known.label("day"),
        *(facts.c[name] for name in names),
        true().label("bought"),
    )
    gone = (
        select(
            facts.c.member,
            func.greatest(day.c.leaves, facts.c.known).label("day"),
            *((-facts.c[name]).label(name) for name in names),
            false().label("bought"),
        )
        .join(places, places.c.member == facts.c.member)
        .join(day, walking.at(day, places.c.anchor, facts.c.dated))
        .where(day.c.leaves <= literal(walking.counting.on, Date))
    )
    begun = select(
        places.c.member,
        places.c.cur.label("day"),
        *(literal(0, BigInteger).label(name) for name in names),
        true().label("bought"),
    )
    moves = union_all(come, gone, begun).subquery("moves")
    sums = (
        select(
            moves.c.member,
            moves.c.day,
            *(cast(func.sum(moves.c[name]), BigInteger).label(name) for name in names),
            func.bool_or(moves.c.bought).label("bought"),
        )
        .group_by(moves.c.member, moves.c.day)
        .subquery("sums")
    )
    return (
        select(
            sums.c.member,
            sums.c.day,
            places.c.anchor,
            sums.c.bought,
            *(
                func.sum(sums.c[name])
                .over(partition_by=sums.c.member, order_by=sums.c.day)
                .label(name)
                for name in names
            ),
        )
        .join(places, places.c.member == sums.c.member)
        .subquery("running")
    )
