"""What the walk carries of each member's facts: arrays, as short as judging allows.

The one idea: where only whole periods are judged, nobody asks for a day within one, so a period's
facts are carried as one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import CTE, BigInteger, ColumnElement, FromClause, Function, cast, func, select

from tiers.counting import Columns, Counting
from tiers.lookup import Days
from tiers.scale import Ladder, WindowKind

_PERIODS: Final = frozenset(
    {
        WindowKind.MONTH,
        WindowKind.QUARTER,
        WindowKind.HALF,
        WindowKind.YEAR,
        WindowKind.ANNIVERSARY,
    }
)


def whole_periods(ladder: Ladder) -> bool:
    """Whether judging looks at totals of periods only, and never at a day within one."""
    return ladder.window.kind in _PERIODS and not ladder.grace_days


def packed(counting: Counting, days: Days, facts: CTE, members: FromClause | None = None) -> CTE:
    """The facts of places as arrays, one row a member; of some of the members if given."""
    if members is not None:
        facts = select(facts).where(facts.c.member.in_(select(members.c.member))).cte("theirs")
    if whole_periods(counting.ladder):
        facts = _periods(counting, days, facts)
    counted = {name: facts.c[name] for name in counting.columns}
    arrays = arrays_of(counting, facts.c.dated, facts.c.known, counted)
    return select(facts.c.member, *arrays).group_by(facts.c.member).cte("packed")


def arrays_of(
    counting: Counting,
    dated: ColumnElement[Any],
    known: ColumnElement[Any],
    counted: Columns,
    *,
    where: ColumnElement[bool] | None = None,
) -> Sequence[ColumnElement[Any]]:
    """Facts side by side as the arrays that the walk carries, of some rows or all."""
    arrays = {
        "dated": func.array_agg(dated),
        "known": func.array_agg(known),
        "latest": func.max(dated),
    }
    arrays |= {name: func.array_agg(cast(counted[name], BigInteger)) for name in counting.columns}
    return some(arrays, where)


def some(
    aggregates: Mapping[str, Function[Any]], where: ColumnElement[bool] | None
) -> list[ColumnElement[Any]]:
    """Named aggregates over some of the rows, or over all."""
    return [
        (each if where is None else each.filter(where)).label(name)
        for name, each in aggregates.items()
    ]


def _periods(counting: Counting, days: Days, facts: CTE) -> CTE:
    """The facts of each period as one, dated by its first day, less what came too late."""
    starts = days.starts(facts.c.anchor, facts.c.dated)
    late = facts.c.known >= days.leaves(facts.c.anchor, facts.c.dated)
    counted = (facts.c[name] for name in counting.columns)
    each = (
        select(facts.c.member, starts.label("starts"), *counted).where(~late).subquery("in_period")
    )
    return (
        select(
            each.c.member,
            each.c.starts.label("dated"),
            each.c.starts.label("known"),
            *(cast(func.sum(each.c[name]), BigInteger).label(name) for name in counting.columns),
        )
        .group_by(each.c.member, each.c.starts)
        .cte("periods")
    )
