"""What counts of many members' activity, as CTEs: one row for each thing that is counted.

The SQL of `tiers.tally`. A fact has the day it is dated and the day from which it is known: an
order that reaches the minimum with a later shipment is dated by its first and known by its later
one. The one idea: an order shipped in one piece is its only row, and orders in parts are marked
when they are written, so that no order has to be put together again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    and_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy import case as when

from tiers.scale import ASSET, Ladder, Metric, Threshold
from tiers.tables import activity

Columns = Mapping[str, ColumnElement[Any]]

_NONE: Final = literal(0, BigInteger)


@dataclass(frozen=True, slots=True)
class Counting:
    """Which metrics a ladder asks for, and the names of their columns."""

    ladder: Ladder
    on: date

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are counted, purchases and orders always."""
        active = ("active_days",) if Metric.ACTIVE_DAYS in self.ladder.metrics else ()
        assets = (f"asset_{at}" for at in range(len(self.ladder.assets)))
        return ("purchases", "orders", *active, *assets)

    def column_of(self, metric: str) -> str:
        """The column of a metric."""
        if metric.startswith(ASSET):
            return f"asset_{self.ladder.assets.index(metric.removeprefix(ASSET))}"
        return str(metric)

    def met(self, threshold: Threshold, counted: Columns) -> ColumnElement[bool]:
        """Whether figures meet a threshold; one without minimums always is."""
        parts = [
            counted[self.column_of(metric)] >= literal(wanted, BigInteger)
            for metric, wanted in threshold.minimums
        ]
        if not parts:
            return literal(value=True)
        return and_(*parts) if threshold.join == "all" else or_(*parts)

    def highest(
        self, counted: Columns, which: str, *, below: ColumnElement[int] | None = None
    ) -> ColumnElement[int]:
        """The highest rank whose threshold is met, 0 for the bottom; only ranks below one."""
        ranks = range(len(self.ladder.tiers) - 1, 0, -1)
        return when(
            *(
                (
                    self.met(getattr(self.ladder.tiers[rank], which), counted)
                    & (below > rank if below is not None else literal(value=True)),
                    literal(rank, Integer),
                )
                for rank in ranks
            ),
            else_=literal(0, Integer),
        )

    def kept(self, rank: ColumnElement[int], counted: Columns) -> ColumnElement[bool]:
        """Whether figures keep the tier of a rank."""
        return when(
            *(
                (rank == literal(at, Integer), self.met(tier.keep, counted))
                for at, tier in enumerate(self.ladder.tiers[1:], start=1)
            ),
            else_=false(),
        )

    def facts(self, places: FromClause, *, since: date | None = None) -> CTE:
        """Everything that counts for the members of `places` up to the day.

        What is dated before `since` may be left out. What a place has besides its member (`anchor`,
        `cur`) comes along.
        """
        split = self._split(places)
        return union_all(self._single(places, split, since), self._in_parts(places, split)).cte(
            "facts"
        )

    def _counted(self) -> ColumnElement[bool]:
        """Which rows of activity the ladder looks at."""
        wanted: ColumnElement[bool] = activity.c.asset.is_(None)
        if self.ladder.assets:
            wanted = or_(wanted, activity.c.asset.in_(self.ladder.assets))
        return and_(activity.c.completed_on <= literal(self.on, Date), wanted)

    def _split(self, places: FromClause) -> CTE:
        """The orders that were shipped in several parts."""
        return (
            select(activity.c.member, activity.c.order_id)
            .join(places, places.c.member == activity.c.member)
            .where(activity.c.part)
            .distinct()
            .cte("split")
        )

    def _single(self, places: FromClause, split: CTE, since: date | None) -> Select[Any]:
        done, dated = activity.c, activity.c.completed_on
        remaining = done.purchases - done.returned
        bought = done.asset.is_(None)
        enough = remaining >= literal(self.ladder.minimum_order, BigInteger)
        whole = split.c.member.is_(None)
        purchases = _if(bought, remaining) if self.ladder.assets else remaining
        orders = _if(bought & whole & enough, literal(1, BigInteger))
        gained = [_if(done.asset == code, remaining) for code in self.ladder.assets]
        counted: list[ColumnElement[Any]] = [purchases, orders, *gained]
        if "active_days" in self.columns:
            total = func.sum(purchases)
            active = _if(total >= literal(self.ladder.minimum_order, BigInteger), literal(1))
            sums = [cast(func.sum(one), BigInteger) for one in counted]
            counted = [*sums[:2], active, *sums[2:]]
        statement = (
            self._fact(places, done.member, dated, dated, *counted)
            .select_from(activity)
            .join(places, places.c.member == done.member)
            .outerjoin(split, (split.c.member == done.member) & (split.c.order_id == done.order_id))
            .where(self._counted())
        )
        if "active_days" in self.columns:
            statement = statement.group_by(done.member, dated, *_carried(places))
        return statement if since is None else statement.where(dated >= literal(since, Date))

    def _fact(
        self,
        places: FromClause,
        member: ColumnElement[Any],
        dated: ColumnElement[Any],
        known: ColumnElement[Any],
        *counted: ColumnElement[Any],
    ) -> Select[Any]:
        named = [one.label(name) for one, name in zip(counted, self.columns, strict=True)]
        days = dated.label("dated"), known.label("known")
        return select(member.label("member"), *days, *named, *_carried(places))

    def _in_parts(self, places: FromClause, split: CTE) -> Select[Any]:
        """Orders in several parts: dated by the first, known from the one that is enough."""
        order = [activity.c.member, activity.c.order_id]
        remaining = activity.c.purchases - activity.c.returned
        dated = activity.c.completed_on
        running = (
            select(
                *order,
                dated.label("dated"),
                func.sum(remaining).over(partition_by=order, order_by=dated).label("so_far"),
            )
            .join(
                split,
                (split.c.member == activity.c.member) & (split.c.order_id == activity.c.order_id),
            )
            .where(self._counted(), activity.c.asset.is_(None))
            .subquery("running")
        )
        enough = running.c.so_far >= self.ladder.minimum_order
        reached = func.min(running.c.dated).filter(enough)
        nothing = [_NONE] * (len(self.columns) - 2)
        first, one = func.min(running.c.dated), literal(1, BigInteger)
        return (
            self._fact(places, running.c.member, first, reached, _NONE, one, *nothing)
            .select_from(running.join(places, places.c.member == running.c.member))
            .group_by(running.c.member, running.c.order_id, *_carried(places))
            .having(reached.is_not(None))
        )


def _carried(places: FromClause) -> list[ColumnElement[Any]]:
    """What comes along from a place with each of its facts."""
    return [places.c[name] for name in ("anchor", "cur") if name in places.c]


def _if(condition: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[int]:
    return when((condition, value), else_=_NONE)
