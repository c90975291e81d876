"""Where many members stand on a day, in one statement: what `tiers.qualification` decides for one.

Two questions are asked. *Placed*: where does the whole history of each member lead on a ladder,
published or not. *Reviewed*: where does time alone lead the stored standings that are due. Both
are one walk, begun at the joining or at the standing (docs/decisions/0034).
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import array, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.batches import Batch, judged_on, rows_of
from tiers.calendar import calendar_of, earliest_start, horizon
from tiers.counting import Counting
from tiers.lookup import Days, anchor_of
from tiers.packing import packed, whole_periods
from tiers.rising import rising
from tiers.scale import Ladder
from tiers.standings import floors_of
from tiers.tables import activity, standing
from tiers.walking import Walking

_FORETOLD: Final = ("falls_rank", "falls_on", "rises_rank", "rises_on")


async def placed(
    connection: AsyncConnection,
    ladder: Ladder,
    *,
    on: date,
    members: Select[UUID] | None = None,
    foretold: bool = True,
    first: date | None = None,
) -> CTE:
    """A CTE of where each member's whole history leads on a ladder by a day, to be joined.

    Columns: member, rank, since, until, grace, falls_rank, falls_on, rises_rank, rises_on (what is
    foretold only where asked for). `members` selects whom; those who joined later are left out.
    `first` is a day before which none of them did anything, where the caller knows one.
    """
    if first is None:
        first = await _first_day(connection, on)
    places = _from_joining(ladder, on, members)
    walking = _walking(ladder, first, on, foretold=foretold)
    facts = walking.counting.facts(places)
    rises = rising(walking, facts)
    carried = rises
    if not whole_periods(ladder):
        carried = packed(walking.counting, walking.days, facts, rises)
    who = select(places).where(places.c.member.in_(select(rises.c.member))).cte("those_who_rise")
    return _with_the_rest(places, ended(walking.walk(who, carried, rises)))


def reviewed(
    ladder: Ladder, *, on: date, first: date, batch: Batch | None = None
) -> tuple[CTE, CTE]:
    """The places of stored standings that are due, of a batch or all, and their walk.

    Of whom is judged before the first day it knows nothing that is true.
    """
    since = earliest_start(ladder, first - timedelta(days=1))
    begin = since if whole_periods(ladder) else first
    walking = _walking(ladder, begin, on, foretold=True)
    walking = replace(walking, rises=ladder.upgrade == "next-period")
    places = _from_standing(walking, on, batch)
    facts = walking.counting.facts(places, since=since)
    carried = packed(walking.counting, walking.days, facts)
    return places, walking.walk(places, carried, None)


def _with_the_rest(places: CTE, risen: CTE) -> CTE:
    """Where everybody stands: who never rose stands on the bottom since the first day."""
    return (
        select(
            places.c.member,
            func.coalesce(risen.c.rank, places.c.rank).label("rank"),
            func.coalesce(risen.c.since, places.c.since).label("since"),
            *(risen.c[name] for name in ("until", "grace", *_FORETOLD)),
        )
        .select_from(places.outerjoin(risen, risen.c.member == places.c.member))
        .cte("placed")
    )


def ended(walk: CTE) -> CTE:
    """Where each walk ends on the day, and what is foretold after it."""
    return (
        select(
            walk.c.member,
            *(walk.c[f"stood_{name}"].label(name) for name in ("rank", "since", "until", "grace")),
            *(walk.c[name] for name in _FORETOLD),
        )
        .ext(distinct_on(walk.c.member))
        .order_by(walk.c.member, walk.c.n.desc())
        .cte("ended")
    )


def code_of(ladder: Ladder, rank: ColumnElement[int]) -> ColumnElement[str]:
    """The code of a rank's tier; null where there is no rank."""
    return when(*((rank == at, literal(tier.code, Text)) for at, tier in enumerate(ladder.tiers)))


async def forecast(
    connection: AsyncConnection, ladder: Ladder, *, on: date
) -> tuple[tuple[str, int], ...]:
    """How many members will have earned each tier on a day if nothing more is bought.

    This is the review of that day without its writing; only standings of this ladder are counted.
    """
    _, walk = reviewed(ladder, on=on, first=await _first_judged(connection, on) or on)
    follows = ended(walk)
    rank = func.coalesce(follows.c.rank, cast(standing.c.tier_rank, Integer)).label("rank")
    statement = (
        select(rank, func.count().label("members"))
        .select_from(standing.outerjoin(follows, follows.c.member == standing.c.member))
        .where(standing.c.ladder == ladder.version)
        .group_by(rank)
    )
    counted = {row.rank: row.members for row in (await connection.execute(statement)).all()}
    return tuple((tier.code, counted.get(rank, 0)) for rank, tier in enumerate(ladder.tiers))


async def _first_judged(connection: AsyncConnection, on: date) -> date | None:
    """The first day on which anybody is judged by a day; None where nothing is due."""
    first = func.min(judged_on(standing))
    statement = select(first).where(standing.c.due_on <= literal(on, Date))
    day: date | None = (await connection.execute(statement)).scalar_one()
    return day


async def _first_day(connection: AsyncConnection, on: date) -> date:
    """The earliest day that a calendar must know."""
    earliest = select(
        select(func.min(standing.c.joined_on)).scalar_subquery(),
        select(func.min(activity.c.completed_on)).scalar_subquery(),
    )
    days: list[date | None] = [*(await connection.execute(earliest)).one(), on]
    return min(day for day in days if day is not None)


def _walking(ladder: Ladder, first: date, on: date, *, foretold: bool) -> Walking:
    calendar = calendar_of(ladder, first - timedelta(days=1), horizon(ladder, on))
    return Walking(Counting(ladder, on), Days(calendar), foretold)


def _from_joining(ladder: Ladder, on: date, members: Select[UUID] | None) -> CTE:
    statement = select(
        standing.c.member,
        anchor_of(ladder).label("anchor"),
        literal(0, Integer).label("rank"),
        standing.c.joined_on.label("since"),
        cast(null(), Date).label("until"),
        cast(null(), Date).label("grace"),
        standing.c.joined_on.label("cur"),
    ).where(standing.c.joined_on <= literal(on, Date))
    if members is not None:
        statement = statement.where(standing.c.member.in_(members))
    return statement.cte("places")


def _from_standing(walking: Walking, on: date, batch: Batch | None) -> CTE:
    anchor = anchor_of(walking.counting.ladder)
    period = anchor, standing.c.rises_on - 1
    source: FromClause = standing
    if batch is not None:
        wanted = rows_of(batch)
        source = source.join(wanted, wanted.c.member == standing.c.member)
    return (
        select(
            standing.c.member,
            anchor.label("anchor"),
            standing.c.tier_rank.label("rank"),
            standing.c.since,
            standing.c.valid_until.label("until"),
            standing.c.grace_from.label("grace"),
            standing.c.decided_through.label("cur"),
            standing.c.number,
            *(one for floor in floors_of(standing) for one in floor),
            standing.c.frozen_tier,
            array([standing.c.rises_on]).label("rise_days"),
            array([cast(standing.c.rises_rank, Integer)]).label("rise_ranks"),
            array([walking.days.valid(*period)]).label("rise_untils"),
            array([walking.days.starts(*period)]).label("rise_starts"),
        )
        .select_from(source)
        .where(
            standing.c.ladder == walking.counting.ladder.version,
            standing.c.due_on <= literal(on, Date),
            standing.c.decided_through <= literal(on, Date),
        )
        .cte("places")
    )
