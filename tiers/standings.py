"""Read standings and activity: for one decision, for a page, for the review and the chart.

The Selects are published so that a caller joins them into a statement of its own. The one idea:
one row holds all that a decision needs, so deciding costs one read.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    Uuid,
    case,
    column,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.ladder import parse_ladder
from tiers.rows import change_of, subject_from
from tiers.tables import activity, ladder, standing, standing_change
from tiers.types import (
    RecordedChange,
    Subject,
)


def subject_of(member: UUID | ColumnElement[UUID]) -> Select[Any]:
    """One row with one JSON column, `subject`: all that a decision about the member needs.

    Compose it as a scalar subquery and hand the value to `read_subject`. Lock the member's row in
    an earlier statement.
    """
    return select(_subject_json(_member(member)).label("subject"))


def read_subject(value: Mapping[str, Any], *, member: UUID, joined_on: date) -> Subject:
    """The subject in a value that `subject_of` selected; `joined_on` counts until it stands."""
    return subject_from(value, member=member, joined_on=joined_on)


async def find_subjects(
    connection: AsyncConnection, members: Mapping[UUID, date]
) -> dict[UUID, Subject]:
    """What decisions about these members need, in one statement; each given as id → joined on."""
    wanted = (
        func.unnest(literal(list(members), ARRAY(Uuid)))
        .table_valued(column("member", Uuid), name="wanted")
        .render_derived()
    )
    statement = select(wanted.c.member, _subject_json(wanted.c.member).label("subject"))
    rows = (await connection.execute(statement)).all()
    return {
        row.member: subject_from(row.subject, member=row.member, joined_on=members[row.member])
        for row in rows
    }


def standing_at(
    member: UUID | ColumnElement[UUID], on: date | ColumnElement[date]
) -> Select[UUID, int, str | None, str, date, date | None, str | None, date | None, date | None]:
    """The tier in force on a day, with the earned one and its dates; no row is the bottom tier.

    Columns: member, ladder, tier, earned, since, valid_until, falls_to, falls_on, floor_until.
    `floor_until` is the end of the floor that holds the tier up. A day before the last decision is
    answered from the history of changes.
    """
    day = _day(on)
    return select(
        standing.c.member,
        standing.c.ladder,
        in_force(day).label("tier"),
        standing.c.tier.label("earned"),
        standing.c.since,
        standing.c.valid_until,
        standing.c.falls_to,
        standing.c.falls_on,
        floored(standing, day, _earned(day)[1], null(), which=2).label("floor_until"),
    ).where(standing.c.member == _member(member))


def activity_of(
    member: UUID | ColumnElement[UUID],
) -> Select[UUID, UUID, date, int, int]:
    """A member's shipments, oldest first: order, shipment, completed on, purchases, returned."""
    return (
        select(
            activity.c.order_id,
            activity.c.shipment,
            activity.c.completed_on,
            activity.c.purchases,
            activity.c.returned,
        )
        .where(activity.c.member == _member(member), activity.c.asset.is_(None))
        .order_by(activity.c.completed_on, activity.c.order_id, activity.c.shipment)
    )


def totals() -> Select[UUID, int, int]:
    """Purchases that remain and shipments of each member, over all time."""
    remains = func.sum(activity.c.purchases - activity.c.returned).label("purchases")
    shipments = func.count().label("shipments")
    bought = select(activity.c.member, remains, shipments).where(activity.c.asset.is_(None))
    return bought.group_by(activity.c.member)


async def due(
    connection: AsyncConnection, on: date, *, limit: int, version: int | None = None
) -> tuple[UUID, ...]:
    """Members about whom something is to be decided by a day, longest due first.

    With `version`, only those whose standing names this ladder.
    """
    statement = (
        select(standing.c.member)
        .where(standing.c.due_on <= on)
        .order_by(standing.c.due_on, standing.c.member)
        .limit(limit)
    )
    if version is not None:
        statement = statement.where(standing.c.ladder == version)
    return tuple((await connection.execute(statement)).scalars())


async def left_behind(
    connection: AsyncConnection, version: int, *, limit: int, after: UUID | None = None
) -> tuple[UUID, ...]:
    """Members whose standing names another ladder than this version, in order of id."""
    statement = (
        select(standing.c.member)
        .where(standing.c.ladder != version)
        .order_by(standing.c.member)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(standing.c.member > after)
    return tuple((await connection.execute(statement)).scalars())


async def about_to_fall(
    connection: AsyncConnection, on: date, *, within: int, limit: int
) -> tuple[UUID, ...]:
    """Members who will lose the tier in force within some days and have not been told of it."""
    covered = or_(
        *(
            (until > standing.c.falls_on) & (rank >= standing.c.tier_rank)
            for _, rank, until in floors_of(standing)
        )
    )
    statement = (
        select(standing.c.member)
        .where(
            standing.c.falls_on > on,
            standing.c.falls_on <= on + timedelta(days=within),
            standing.c.fall_told.is_distinct_from(standing.c.falls_on),
            standing.c.frozen_tier.is_(None),
            func.coalesce(covered, false()).is_(false()),
        )
        .order_by(standing.c.falls_on, standing.c.member)
        .limit(limit)
    )
    return tuple((await connection.execute(statement)).scalars())


async def mark_told(connection: AsyncConnection, members: Sequence[UUID]) -> None:
    """Remember that these members were told of the fall that is ahead of them."""
    await connection.execute(
        update(standing).where(standing.c.member.in_(members)).values(fall_told=standing.c.falls_on)
    )


async def population(
    connection: AsyncConnection, *, on: date, members: Select[UUID] | None = None
) -> tuple[tuple[str, int], ...]:
    """How many members stand on each tier of the live ladder on a day, bottom first.

    `members` selects whom to count (for instance consumers only); those never decided then stand
    at the bottom. Members whose tier is not on the live ladder any more are not counted.
    """
    tier = in_force(_day(on)).label("tier")
    source: Select[str | None] = select(tier).select_from(standing)
    if members is not None:
        wanted = members.subquery("wanted")
        source = select(tier).select_from(
            wanted.outerjoin(standing, standing.c.member == wanted.columns[0])
        )
    stands = source.subquery("stands")
    counts = (
        select(stands.c.tier, func.count().label("members")).group_by(stands.c.tier)
    ).subquery("counts")
    live = select(ladder.c.document).order_by(ladder.c.version.desc()).limit(1).subquery("live")
    statement = select(live.c.document, counts.c.tier, counts.c.members).select_from(
        live.outerjoin(counts, true())
    )
    rows = (await connection.execute(statement)).all()
    if not rows:
        return ()
    counted = {row.tier: row.members for row in rows if row.members is not None}
    codes = [tier.code for tier in parse_ladder(rows[0].document).tiers]
    undecided = counted.get(None, 0)
    return tuple(
        (code, counted.get(code, 0) + (undecided if at == 0 else 0))
        for at, code in enumerate(codes)
    )


async def history_of(
    connection: AsyncConnection, member: UUID, *, limit: int, before: int | None = None
) -> tuple[RecordedChange, ...]:
    """The changes of a member's standing, newest first, from before a number."""
    statement = (
        select(standing_change)
        .where(standing_change.c.member == member)
        .order_by(standing_change.c.number.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(standing_change.c.number < before)
    return tuple(change_of(row) for row in (await connection.execute(statement)).mappings())


async def count_changes(connection: AsyncConnection, request_id: str) -> int:
    """How many changes one request or one run of a job made."""
    statement = select(func.count()).where(standing_change.c.request_id == request_id)
    return (await connection.execute(statement)).scalar_one()


def _subject_json(member: ColumnElement[UUID]) -> ColumnElement[Any]:
    held: Final = standing.alias("held")
    done: Final = activity.alias("done")
    stands = select(func.row_to_json(held.table_valued())).where(held.c.member == member)
    acted = select(
        func.json_agg(
            func.json_build_array(
                done.c.order_id,
                done.c.shipment,
                done.c.completed_on,
                done.c.purchases,
                done.c.returned,
                done.c.asset,
            )
        )
    ).where(done.c.member == member)
    return func.json_build_object(
        literal("standing", Text),
        stands.scalar_subquery(),
        literal("activities", Text),
        acted.scalar_subquery(),
        type_=JSON,
    )


def floors_of(
    stands: FromClause,
) -> tuple[tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]], ...]:
    """The floors of standings, as tier, rank and end; nulls where there is none."""
    return tuple(
        (stands.c[f"{kind}_tier"], stands.c[f"{kind}_rank"], stands.c[f"{kind}_until"])
        for kind in ("grant", "plan")
    )


def floored(
    stands: FromClause,
    day: ColumnElement[Any],
    rank: ColumnElement[Any],
    otherwise: ColumnElement[Any] | None,
    *,
    which: int = 0,
) -> ColumnElement[Any]:
    """The tier (or another column) of the higher floor that holds on a day above a rank."""
    grant, plan = floors_of(stands)
    granted = (grant[2] > day) & (grant[1] > rank)
    planned = (plan[2] > day) & (plan[1] > rank)
    higher = (plan[1] > grant[1]) | ((plan[1] == grant[1]) & (plan[2] > grant[2]))
    either = case((higher, plan[which]), else_=grant[which])
    return case(
        (granted & planned, either),
        (granted, grant[which]),
        (planned, plan[which]),
        else_=otherwise,
    )


def _earned(day: ColumnElement[date]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The earned tier and its rank on a day, with what is foretold by then."""
    has_fallen = standing.c.falls_on <= day
    has_risen = (standing.c.rises_on <= day) & not_(
        func.coalesce(has_fallen & (standing.c.falls_on > standing.c.rises_on), false())
    )
    tier = case(
        (has_risen, standing.c.rises_to),
        (has_fallen, standing.c.falls_to),
        else_=standing.c.tier,
    )
    rank = case(
        (has_risen, standing.c.rises_rank),
        (has_fallen, standing.c.falls_rank),
        else_=standing.c.tier_rank,
    )
    return tier, rank


def in_force(day: ColumnElement[date]) -> ColumnElement[str | None]:
    """The SQL of `Standing.effective_on`, and the history for days before the last decision."""
    earned, rank = _earned(day)
    now = case(
        (standing.c.frozen_tier.is_not(None), standing.c.frozen_tier),
        else_=floored(standing, day, rank, earned),
    )
    past = (
        select(standing_change.c.tier)
        .where(standing_change.c.member == standing.c.member, standing_change.c.effective_on <= day)
        .order_by(standing_change.c.number.desc())
        .limit(1)
        .correlate(standing)
        .scalar_subquery()
    )
    return case((standing.c.decided_through <= day, now), else_=past)


def _member(member: UUID | ColumnElement[UUID]) -> ColumnElement[UUID]:
    return literal(member, Uuid) if isinstance(member, UUID) else member


def _day(on: date | ColumnElement[date]) -> ColumnElement[date]:
    return literal(on, Date) if isinstance(on, date) else on
