"""Move many members to a new ladder at once, in one statement: to where their history leads.

It writes what `tiers.decide` without activities and `tiers.record` would have written about members
of an earlier ladder, where the live one says `at-once` and nothing lies over a standing. Those with
floors or a freeze are few, and are decided one by one.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    Select,
    SmallInteger,
    Text,
    Uuid,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.evaluation import code_of, placed
from tiers.scale import Ladder
from tiers.standings import in_force
from tiers.tables import activity, standing
from tiers.types import Movement
from tiers.writing import Moved, caused, keep, moved_of, put


async def movable(
    connection: AsyncConnection, version: int, *, on: date, limit: int
) -> tuple[UUID, ...]:
    """Members of an earlier ladder whom `move` takes to this version, in order of id."""
    statement = select(standing.c.member).where(_moves(version, on))
    statement = statement.order_by(standing.c.member).limit(limit)
    return tuple((await connection.execute(statement)).scalars())


async def move(
    connection: AsyncConnection,
    ladder: Ladder,
    members: Sequence[UUID],
    *,
    on: date,
    at: datetime,
    actor: str,
    request_id: str,
) -> tuple[Moved, ...]:
    """Place these members where their whole history leads on the ladder; tell whose tier changed.

    The caller holds the members' row locks since an earlier statement.
    """
    if not members:
        return ()
    these = select(func.unnest(literal(list(members), ARRAY(Uuid)), type_=Uuid()))
    first = await _first_day(connection, members)
    where = await placed(connection, ladder, on=on, members=these, first=first)
    after = _after(ladder, where, on)
    written = _write_standings(ladder, on, after)
    cause = {"recorded_at": at, "actor": actor, "request_id": request_id}
    kept = _write_changes(ladder, on, after, written, cause)
    return moved_of((await connection.execute(kept)).all())


async def _first_day(connection: AsyncConnection, members: Sequence[UUID]) -> date | None:
    """The earliest day on which one of them did anything."""
    these = literal(list(members), ARRAY(Uuid))
    first = select(func.min(activity.c.completed_on)).where(activity.c.member == func.any(these))
    joined = select(func.min(standing.c.joined_on)).where(standing.c.member == func.any(these))
    earliest = func.least(first.scalar_subquery(), joined.scalar_subquery())
    day: date | None = (await connection.execute(select(earliest))).scalar_one()
    return day


def _moves(version: int, on: date) -> ColumnElement[bool]:
    """Whether a standing is moved with the others."""
    return (
        (standing.c.ladder != version)
        & standing.c.grant_until.is_(None)
        & standing.c.plan_until.is_(None)
        & standing.c.frozen_tier.is_(None)
        & (standing.c.decided_through <= literal(on, Date))
    )


def _after(ladder: Ladder, where: CTE, on: date) -> CTE:
    """Each standing as it is to be written, beside the number and the tier that were in force."""
    due: ColumnElement[Any] = where.c.until
    if ladder.grace_days:
        due = func.coalesce(where.c.grace + ladder.grace_days, where.c.until)
    return (
        select(
            where,
            standing.c.number.label("before"),
            in_force(literal(on, Date)).label("tier_before"),
            func.least(due, where.c.rises_on).label("due"),
        )
        .join(standing, standing.c.member == where.c.member)
        .where(_moves(ladder.version, on))
        .cte("after")
    )


def _write_standings(ladder: Ladder, on: date, after: CTE) -> CTE:
    """Begin each standing again on the ladder, over the one that was read."""
    values: dict[str, Any] = {
        "ladder": literal(ladder.version, Integer),
        "number": after.c.before + 1,
        "seed_tier": literal(ladder.tiers[0].code, Text),
        "seed_rank": literal(0, SmallInteger),
        "seed_on": standing.c.joined_on,
        "seed_since": standing.c.joined_on,
        "seed_until": null(),
        **put(ladder, on, after),
    }
    return (
        update(standing)
        .where(standing.c.member == after.c.member, standing.c.number == after.c.before)
        .values(values)
        .returning(standing.c.member)
        .cte("written")
    )


def _write_changes(
    ladder: Ladder, on: date, after: CTE, written: CTE, cause: dict[str, object]
) -> Select[Any]:
    """Store one change for each standing that was written, and tell those that moved."""
    tier = code_of(ladder, after.c.rank)
    rows = select(
        after.c.member,
        after.c.before + 1,
        literal(on, Date),
        literal(Movement.LADDER_CHANGED.value, Text),
        after.c.tier_before,
        tier,
        tier,
        literal(ladder.version, Integer),
        after.c.until,
        literal({}, JSONB),
        *caused(cause),
    ).join(written, written.c.member == after.c.member)
    return keep(rows)
