"""Where many members stand on a day, in one statement: what `tiers.qualification` decides for one.

Two questions are asked. *Placed*: where does the whole history of each member lead on a ladder,
published or not. *Reviewed*: where does time alone lead the stored standings that are due. Both
are one walk, begun at the joining or at the standing (docs/decisions/0034).
"""

from collections.abc import Sequence
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
    Uuid,
    bindparam,
    cast,
    column,
    extract,
    func,
    literal,
    null,
    select,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY, array, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.calendar import earliest_start, horizon, meanings
from tiers.counting import Counting
from tiers.rising import rising
from tiers.scale import Ladder, WindowKind
from tiers.standings import floors_of
from tiers.tables import activity, standing
from tiers.types import Movement
from tiers.walking import Walking, whole_periods

_DROPS: Final = (Movement.STEPPED_DOWN.value, Movement.FELL_TO_EARNED.value)


async def placed(
    connection: AsyncConnection,
    ladder: Ladder,
    *,
    on: date,
    members: Select[UUID] | None = None,
    foretold: bool = True,
) -> CTE:
    """A CTE of where each member's whole history leads on a ladder by a day, to be joined.

    Columns: member, rank, since, until, grace, falls_rank, falls_on, rises_rank, rises_on (what is
    foretold only where asked for). `members` selects whom; those who joined later are left out.
    """
    first = await _first_day(connection, on)
    places = _from_joining(ladder, on, members)
    walking = _walking(ladder, first, on, foretold=foretold)
    calendar = walking.calendar()
    facts = walking.counting.facts(places)
    rises = rising(walking, places, facts, calendar)
    packed = walking.packed(facts, places, calendar, rises)
    return ended(walking.walk(places, packed, calendar, rises))


def reviewed(
    ladder: Ladder, *, on: date, first: date, members: Sequence[UUID] | None = None
) -> tuple[CTE, CTE]:
    """The places of stored standings that are due, of these members or all, and their walk."""
    since = earliest_start(ladder, first - timedelta(days=1))
    begin = since if whole_periods(ladder) else first
    walking = _walking(ladder, begin, on, foretold=True)
    walking = replace(walking, rises=ladder.upgrade == "next-period")
    calendar = walking.calendar()
    places = _from_standing(walking, calendar, on, members)
    facts = walking.counting.facts(places, since=since)
    packed = walking.packed(facts, places, calendar, None)
    walk = walking.walk(places, packed, calendar, None)
    return places, walk


def ended(walk: CTE) -> CTE:
    """Where each walk ends on the day, and what is foretold after it."""
    return (
        select(
            walk.c.member,
            *(walk.c[f"stood_{name}"].label(name) for name in ("rank", "since", "until", "grace")),
            walk.c.falls_rank,
            walk.c.falls_on,
            walk.c.rises_rank,
            walk.c.rises_on,
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
    _, walk = reviewed(ladder, on=on, first=await first_judged(connection, on) or on)
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


async def first_judged(
    connection: AsyncConnection, on: date, members: Sequence[UUID] | None = None
) -> date | None:
    """The first day after a window that is to be judged by a day; None where nothing is due."""
    first = func.least(standing.c.valid_until, standing.c.rises_on, standing.c.due_on)
    statement = select(func.min(first)).where(standing.c.due_on <= literal(on, Date))
    if members is not None:
        chosen = literal(list(members), ARRAY(Uuid))
        statement = statement.where(standing.c.member == func.any(chosen))
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
    days = tuple(meanings(ladder, first - timedelta(days=1), horizon(ladder, on)))
    return Walking(Counting(ladder, on), days, foretold)


def anchor_of(ladder: Ladder) -> ColumnElement[int]:
    """The month and day of joining where windows follow it, 0 otherwise."""
    if ladder.window.kind is not WindowKind.ANNIVERSARY:
        return literal(0, Integer)
    joined_on = standing.c.joined_on
    return cast(extract("month", joined_on) * 100 + extract("day", joined_on), Integer)


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


def _from_standing(
    walking: Walking, calendar: CTE, on: date, members: Sequence[UUID] | None
) -> CTE:
    period = calendar.alias("rise_period")
    anchor = anchor_of(walking.counting.ladder)
    source: FromClause = standing.outerjoin(
        period, walking.at(period, anchor, standing.c.rises_on - 1)
    )
    if members is not None:
        wanted = _ids(members)
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
            array([period.c.valid]).label("rise_untils"),
            array([period.c.starts]).label("rise_starts"),
        )
        .select_from(source)
        .where(
            standing.c.ladder == walking.counting.ladder.version,
            standing.c.due_on <= literal(on, Date),
            standing.c.decided_through <= literal(on, Date),
        )
        .cte("places")
    )


def _ids(members: Sequence[UUID]) -> FromClause:
    return (
        func.unnest(bindparam("members", list(members), ARRAY(Uuid)))
        .table_valued(column("member", Uuid))
        .render_derived(name="wanted")
    )
