"""The movement of many standings through time in one statement: the SQL of `tiers.replay`.

Places go in, and out come their steps up to a day and what is foretold after it. The one idea: a
recursive statement takes every place to its next event (judged, redeemed, risen) at once, so there
are as many rounds as one member has events, however many members there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    column,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from tiers.calendar import Meaning
from tiers.counting import Columns, Counting
from tiers.scale import Ladder, WindowKind
from tiers.types import Movement

_PERIODS: Final = frozenset(
    {
        WindowKind.MONTH,
        WindowKind.QUARTER,
        WindowKind.HALF,
        WindowKind.YEAR,
        WindowKind.ANNIVERSARY,
    }
)
_JUDGE: Final = literal("judge", Text)
_REDEEM: Final = literal("redeem", Text)
_RISE: Final = literal("rise", Text)
_PLACE: Final = {"rank": Integer, "since": Date, "until": Date, "grace": Date}
_FORETOLD: Final = (
    ("falls_rank", Integer),
    ("falls_on", Date),
    ("rises_rank", Integer),
    ("rises_on", Date),
)
_RISES: Final = ("rise_days", "rise_ranks", "rise_untils", "rise_starts")


def whole_periods(ladder: Ladder) -> bool:
    """Whether judging looks at totals of periods only, and never at a day within one."""
    return ladder.window.kind in _PERIODS and not ladder.grace_days


@dataclass(frozen=True, slots=True)
class Walking:
    """How places move up to a day.

    `foretold` says whether to look beyond it, `rises` whether a place can rise at all.
    """

    counting: Counting
    meanings: Sequence[Meaning]
    foretold: bool = True
    rises: bool = True

    def calendar(self) -> CTE:
        """The meanings of days, as rows."""
        dates = ("first", "last", "starts", "leaves", "valid")
        given = [literal([one.anchor for one in self.meanings], ARRAY(Integer))]
        given += [
            literal([getattr(one, name) for one in self.meanings], ARRAY(Date)) for name in dates
        ]
        rows = (
            func.unnest(*given)
            .table_valued(column("anchor", Integer), *(column(name, Date) for name in dates))
            .render_derived(name="meaning")
        )
        return select(rows).cte("calendar")

    def at(
        self, calendar: FromClause, anchor: ColumnElement[int], day: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        """The condition that joins the row of a day."""
        if self.counting.ladder.window.kind is not WindowKind.ANNIVERSARY:
            return calendar.c.first == day
        return and_(calendar.c.anchor == anchor, calendar.c.first <= day, calendar.c.last > day)

    def packed(
        self, facts: CTE, places: FromClause, calendar: CTE, members: FromClause | None
    ) -> CTE:
        """The facts of members as arrays, so that the walk carries them along."""
        if whole_periods(self.counting.ladder):
            facts = self._periods(facts, places, calendar)
        arrays = select(
            facts.c.member,
            func.array_agg(facts.c.dated).label("dated"),
            func.array_agg(facts.c.known).label("known"),
            func.max(facts.c.dated).label("latest"),
            *(func.array_agg(facts.c[name]).label(name) for name in self.counting.columns),
        ).group_by(facts.c.member)
        if members is not None:
            arrays = arrays.where(facts.c.member.in_(select(members.c.member)))
        return arrays.cte("packed")

    def _periods(self, facts: CTE, places: FromClause, calendar: CTE) -> CTE:
        """The facts of each period as one, dated by its first day, less what came too late."""
        period = calendar.alias("of_period")
        totals = {name: cast(func.sum(facts.c[name]), BigInteger) for name in self.counting.columns}
        return (
            select(
                facts.c.member,
                period.c.starts.label("dated"),
                period.c.starts.label("known"),
                *(total.label(name) for name, total in totals.items()),
            )
            .join(places, places.c.member == facts.c.member)
            .join(period, self.at(period, places.c.anchor, facts.c.dated))
            .where(facts.c.known < period.c.leaves)
            .group_by(facts.c.member, period.c.starts)
            .cte("periods")
        )

    def walk(self, places: FromClause, packed: CTE, calendar: CTE, rising: CTE | None) -> CTE:
        """Every place on its way: a row for the start and one for each event."""
        begin = self._begin(places, packed, rising)
        walk = begin.cte("walk", recursive=True)
        return walk.union_all(self._onward(walk, calendar))

    def _begin(self, places: FromClause, packed: CTE, rising: CTE | None) -> Select[Any]:
        arrays = [packed.c.dated, packed.c.known, packed.c.latest]
        arrays += [packed.c[name] for name in self.counting.columns]
        rises = rising if rising is not None else places
        source = places.outerjoin(packed, packed.c.member == places.c.member)
        if rising is not None:
            source = source.outerjoin(rising, rising.c.member == places.c.member)
        return select(
            places.c.member,
            places.c.anchor,
            *arrays,
            *(rises.c[name] for name in _RISES),
            cast(places.c.rank, Integer).label("rank"),
            places.c.since,
            places.c.until,
            places.c.grace,
            places.c.cur,
            literal(0, Integer).label("n"),
            false().label("ahead"),
            false().label("fell"),
            *(self._stood(places).values()),
            *(cast(null(), kind).label(name) for name, kind in _FORETOLD),
            cast(null(), Text).label("rule"),
            cast(places.c.rank, Integer).label("was"),
            cast(null(), Date).label("on_day"),
            cast(null(), Date).label("starts"),
            *(cast(null(), BigInteger).label(f"seen_{name}") for name in self.counting.columns),
        ).select_from(source)

    def _stood(self, places: FromClause) -> dict[str, ColumnElement[Any]]:
        """The place on the day itself, which the walk carries along when it looks beyond."""
        found = self._place({name: places.c[name] for name in _PLACE})
        return {name: value.label(f"stood_{name}") for name, value in found.items()}

    def _place(self, held: Columns) -> dict[str, ColumnElement[Any]]:
        return {name: cast(held[name], kind) for name, kind in _PLACE.items()}

    def _onward(self, walk: CTE, calendar: CTE) -> Select[Any]:
        """Every place after its next event."""
        event = _Event(self, walk, calendar)
        beyond = event.day > literal(self.counting.on, Date)
        arrays = ("dated", "known", "latest", *self.counting.columns, *_RISES)
        moved = event.outcome()
        statement = select(
            walk.c.member,
            walk.c.anchor,
            *(walk.c[name] for name in arrays),
            moved["rank"],
            moved["since"],
            moved["until"],
            moved["grace"],
            func.greatest(walk.c.cur, event.day),
            walk.c.n + 1,
            walk.c.ahead | beyond,
            walk.c.fell | (beyond & event.drops),
            *(
                when((beyond, walk.c[f"stood_{name}"]), else_=now)
                for name, now in self._place(moved).items()
            ),
            *event.foretells(beyond),
            moved["rule"],
            walk.c.rank,
            event.day,
            event.chosen.c.starts,
            *(event.figures.c[name] for name in self.counting.columns),
        ).select_from(event.source())
        statement = statement.where(event.day.is_not(None))
        return statement if self.foretold else statement.where(~beyond)


class _Event:
    """The next event of a place, and what it leads to."""

    def __init__(self, walking: Walking, walk: CTE, calendar: CTE) -> None:
        self.walking = walking
        self.counting = walking.counting
        self.ladder = walking.counting.ladder
        self.walk = walk
        self.judged = calendar.alias("judged")
        self.late = calendar.alias("late")
        self.due = self._due()
        self.rise = self._rise()
        self.redeem = self._redeem()
        self.chosen = self._chosen()
        self.day: ColumnElement[date] = self.chosen.c.day
        self.figures = self._figures()
        self.counted = {name: self.figures.c[name] for name in self.counting.columns}
        self.verdict = self._verdict()
        self.drops: ColumnElement[bool] = self.verdict.c.drops

    def source(self) -> FromClause:
        """The walk with everything that its next event needs."""
        walk, at = self.walk, self.walking.at
        source = walk.outerjoin(self.judged, at(self.judged, walk.c.anchor, walk.c.until - 1))
        source = source.join(self.due, true()).outerjoin(self.rise, true())
        if self.redeem is not None:
            source = source.outerjoin(self.redeem, true())
        source = source.join(self.chosen, true()).join(self.figures, true())
        if self.ladder.grace_days:
            due = self.due.c.day
            again = due if self.ladder.validity.unit == "periods" else due - 1
            source = source.outerjoin(self.late, at(self.late, walk.c.anchor, again))
        return source.join(self.verdict, true())

    def outcome(self) -> dict[str, ColumnElement[Any]]:
        """The place after the event, and the rule that decided."""
        walk, verdict = self.walk, self.verdict
        rises, drops, pauses = self.chosen.c.kind == _RISE, verdict.c.drops, verdict.c.pauses
        renewed = self.judged.c.valid
        after: ColumnElement[Any] = renewed
        if self.ladder.grace_days:
            after = when((walk.c.grace.is_(None), renewed), else_=self._renewed_late())
        soft = self.ladder.downgrade == "one-step"
        dropped = Movement.STEPPED_DOWN if soft else Movement.FELL_TO_EARNED
        return {
            "rank": when((rises, self.rise.c.rank), (drops, verdict.c.landing), else_=walk.c.rank),
            "since": when((rises, self.rise.c.on_day), (drops, self.day), else_=walk.c.since),
            "until": when(
                (rises, self.rise.c.until),
                (pauses, walk.c.until),
                (drops, when((verdict.c.landing > 0, after))),
                else_=renewed,
            ),
            "grace": when((pauses, self.day)),
            "rule": when(
                (rises, literal(Movement.REACHED.value, Text)),
                (pauses, cast(null(), Text)),
                (drops, literal(dropped.value, Text)),
                else_=literal(Movement.KEPT.value, Text),
            ),
        }

    def foretells(self, beyond: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
        """The loss and the gain that are foretold, once they are found."""
        walk = self.walk
        falls = beyond & self.drops
        rises = beyond & (self.chosen.c.kind == _RISE)
        return (
            when((falls, self.verdict.c.landing), else_=walk.c.falls_rank),
            when((falls, self.day), else_=walk.c.falls_on),
            when((rises, self.rise.c.rank), else_=walk.c.rises_rank),
            when((rises, self.day), else_=walk.c.rises_on),
        )

    def _due(self) -> LateralFromClause:
        walk, days = self.walk, self.ladder.grace_days
        due: ColumnElement[Any] = walk.c.until
        if days:
            due = when((walk.c.grace.is_(None), walk.c.until), else_=walk.c.grace + days)
        return select(when((~walk.c.fell, due)).label("day")).correlate(walk).lateral("due")

    def _rise(self) -> LateralFromClause:
        walk = self.walk
        names = {"on_day": Date, "rank": Integer, "until": Date, "starts": Date}
        each = _rows(
            "each_rise",
            {
                name: func.unnest(walk.c[array], type_=kind())
                for array, (name, kind) in zip(_RISES, names.items(), strict=True)
            },
            walk,
        )
        return (
            select(each)
            .where(
                literal(self.walking.rises, Boolean),
                each.c.on_day >= walk.c.cur,
                each.c.rank > walk.c.rank,
            )
            .order_by(each.c.on_day)
            .limit(1)
            .lateral("rise")
        )

    def _facts(self, name: str) -> FromClause:
        """The facts that the walk carries, as rows."""
        walk = self.walk
        days = {day: func.unnest(walk.c[day], type_=Date()) for day in ("dated", "known")}
        counted = {
            each: func.unnest(walk.c[each], type_=BigInteger()) for each in self.counting.columns
        }
        return _rows(name, days | counted, walk)

    def _redeem(self) -> LateralFromClause | None:
        """The first day on which what was bought in the grace is enough after all."""
        if not self.ladder.grace_days:
            return None
        walk, each = self.walk, self._facts("in_grace")
        so_far = (
            select(
                each.c.known.label("day"),
                *(
                    func.sum(each.c[name]).over(order_by=each.c.known).label(name)
                    for name in self.counting.columns
                ),
            )
            .where(
                walk.c.grace.is_not(None),
                each.c.dated >= self.judged.c.starts,
                each.c.known < self.due.c.day,
            )
            .correlate(walk, self.judged, self.due)
            .lateral("so_far")
        )
        counted = {name: so_far.c[name] for name in self.counting.columns}
        return (
            select(func.min(so_far.c.day).label("day"))
            .where(
                so_far.c.day >= func.greatest(walk.c.grace, walk.c.cur),
                self.counting.kept(walk.c.rank, counted),
            )
            .correlate(walk, self.judged, self.due)
            .lateral("redeem")
        )

    def _chosen(self) -> LateralFromClause:
        """Which event comes first: what is due goes before redeeming, and that before rising.

        The offset keeps it worked out once and not again wherever it is looked at.
        """
        due, rise = self.due.c.day, self.rise.c.on_day
        redeem = self.redeem.c.day if self.redeem is not None else cast(null(), Date)
        judge = and_(
            due.is_not(None),
            or_(rise.is_(None), due <= rise),
            or_(redeem.is_(None), due <= redeem),
        )
        redeems = and_(redeem.is_not(None), or_(rise.is_(None), redeem <= rise))
        known = [self.judged, self.due, self.rise]
        known += [self.redeem] if self.redeem is not None else []
        chosen = select(
            when((judge, _JUDGE), (redeems, _REDEEM), else_=_RISE).label("kind"),
            when((judge, due), (redeems, redeem), else_=rise).label("day"),
            when((judge | redeems, self.judged.c.starts), else_=self.rise.c.starts).label("starts"),
        )
        return chosen.correlate(*known).offset(0).lateral("chosen")

    def _figures(self) -> LateralFromClause:
        """What was counted in the window that the event looks at."""
        each, kind = self._facts("each_fact"), self.chosen.c.kind
        at_night = kind == _REDEEM
        if self.ladder.upgrade == "at-once":
            at_night = at_night | (kind == _RISE)
        end = when((at_night, self.day + 1), else_=self.day)
        sums = (func.coalesce(func.sum(each.c[name]), 0) for name in self.counting.columns)
        named = zip(self.counting.columns, sums, strict=True)
        return (
            select(*(cast(total, BigInteger).label(name) for name, total in named))
            .where(
                self.walk.c.latest >= self.chosen.c.starts,
                each.c.dated >= self.chosen.c.starts,
                each.c.dated < end,
                each.c.known < end,
            )
            .lateral("figures")
        )

    def _verdict(self) -> LateralFromClause:
        """What a judgement comes to: kept, a pause for the grace, or a drop and where to."""
        walk = self.walk
        fails = (self.chosen.c.kind == _JUDGE) & ~self.counting.kept(walk.c.rank, self.counted)
        pauses = fails & walk.c.grace.is_(None) if self.ladder.grace_days else false()
        drops = fails & walk.c.grace.is_not(None) if self.ladder.grace_days else fails
        landing = walk.c.rank - 1
        if self.ladder.downgrade == "to-earned":
            landing = self.counting.highest(self.counted, "keep", below=walk.c.rank)
        verdict = select(pauses.label("pauses"), drops.label("drops"), landing.label("landing"))
        return verdict.correlate(walk, self.chosen, self.figures).lateral("verdict")

    def _renewed_late(self) -> ColumnElement[date]:
        """Until when a tier is kept that follows a grace: in periods, the first that ends later."""
        if self.ladder.validity.unit == "periods":
            return func.greatest(self.judged.c.valid, self.late.c.leaves)
        return self.late.c.valid


def _rows(name: str, columns: Columns, walk: CTE) -> LateralFromClause:
    """Arrays that the walk carries, side by side as rows."""
    unnested = (value.label(each) for each, value in columns.items())
    return select(*unnested).correlate(walk).lateral(name)
