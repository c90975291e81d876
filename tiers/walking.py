"""The movement of many standings through time in one statement: the SQL of `tiers.replay`.

Places go in, and out come their steps up to a day and what is foretold after it. The one idea: a
recursive statement takes every place to its next event (judged, redeemed, risen) at once, so there
are as many rounds as one member has events, however many members there are.
"""

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
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import case as when
from sqlalchemy.sql.selectable import LateralFromClause
from sqlalchemy.types import TypeEngine

from tiers.counting import Columns, Counting
from tiers.lookup import Days
from tiers.types import Movement

_JUDGE: Final = literal("judge", Text)
_REDEEM: Final = literal("redeem", Text)
_RISE: Final = literal("rise", Text)
_PLACE: Final[dict[str, type[TypeEngine[Any]]]] = {
    "rank": Integer,
    "since": Date,
    "until": Date,
    "grace": Date,
}
_FORETOLD: Final = (
    ("falls_rank", Integer),
    ("falls_on", Date),
    ("rises_rank", Integer),
    ("rises_on", Date),
)
_RISES: Final = ("rise_days", "rise_ranks", "rise_untils", "rise_starts")


@dataclass(frozen=True, slots=True)
class Walking:
    """How places move up to a day.

    `foretold` says whether to look beyond it, `rises` whether a place can rise at all.
    """

    counting: Counting
    days: Days
    foretold: bool = True
    rises: bool = True

    def walk(self, places: FromClause, packed: CTE, rising: CTE | None) -> CTE:
        """Every place on its way: a row for the start and one for each event."""
        begin = self._begin(places, packed, rising)
        walk = begin.cte("walk", recursive=True)
        return walk.union_all(self._onward(walk))

    def _begin(self, places: FromClause, packed: CTE, rising: CTE | None) -> Select[Any]:
        arrays = [packed.c.dated, packed.c.known, packed.c.latest]
        arrays += [packed.c[name] for name in self.counting.columns]
        rises = rising if rising is not None else places
        # All have places; but joins that are full are hashed or merged, and never a loop over a
        # million for each of a million, however few the planner takes them for.
        source = places.outerjoin(packed, packed.c.member == places.c.member, full=True)
        if rising is not None and rising is not packed:
            source = source.outerjoin(rising, rising.c.member == places.c.member, full=True)
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
        return {name: cast(held[name], kind()) for name, kind in _PLACE.items()}

    def _onward(self, walk: CTE) -> Select[Any]:
        """Every place after its next event."""
        event = _Event(self, walk)
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

    def __init__(self, walking: Walking, walk: CTE) -> None:
        self.walking = walking
        self.counting = walking.counting
        self.ladder = walking.counting.ladder
        self.walk = walk
        self.judged = walking.days.starts(walk.c.anchor, walk.c.until - 1)
        self.renewed = walking.days.valid(walk.c.anchor, walk.c.until - 1)
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
        source: FromClause = self.walk.join(self.due, true()).outerjoin(self.rise, true())
        if self.redeem is not None:
            source = source.outerjoin(self.redeem, true())
        source = source.join(self.chosen, true()).join(self.figures, true())
        return source.join(self.verdict, true())

    def outcome(self) -> dict[str, ColumnElement[Any]]:
        """The place after the event, and the rule that decided."""
        walk, verdict = self.walk, self.verdict
        rises, drops, pauses = self.chosen.c.kind == _RISE, verdict.c.drops, verdict.c.pauses
        renewed = after = self.renewed
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
        columns: dict[str, ColumnElement[Any]] = {
            day: func.unnest(walk.c[day], type_=Date()) for day in ("dated", "known")
        }
        for each in self.counting.columns:
            columns[each] = func.unnest(walk.c[each], type_=BigInteger())
        return _rows(name, columns, walk)

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
                each.c.dated >= self.judged,
                each.c.known < self.due.c.day,
            )
            .correlate(walk, self.due)
            .lateral("so_far")
        )
        counted = {name: so_far.c[name] for name in self.counting.columns}
        return (
            select(func.min(so_far.c.day).label("day"))
            .where(
                so_far.c.day >= func.greatest(walk.c.grace, walk.c.cur),
                self.counting.kept(walk.c.rank, counted),
            )
            .correlate(walk, self.due)
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
        known: list[FromClause] = [self.walk, self.due, self.rise]
        known += [self.redeem] if self.redeem is not None else []
        chosen = select(
            when((judge, _JUDGE), (redeems, _REDEEM), else_=_RISE).label("kind"),
            when((judge, due), (redeems, redeem), else_=rise).label("day"),
            when((judge | redeems, self.judged), else_=self.rise.c.starts).label("starts"),
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
        anchor, due, days = self.walk.c.anchor, self.due.c.day, self.walking.days
        if self.ladder.validity.unit == "periods":
            return func.greatest(self.renewed, days.leaves(anchor, due))
        return days.valid(anchor, due - 1)


def _rows(name: str, columns: Columns, walk: CTE) -> LateralFromClause:
    """Arrays that the walk carries, side by side as rows."""
    unnested = (value.label(each) for each, value in columns.items())
    return select(*unnested).correlate(walk).lateral(name)
