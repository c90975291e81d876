"""The tier review: time alone takes a tier away, and a new ladder reaches everybody."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause, job_actor
from loyalty.database import Database
from loyalty.events import record_events
from loyalty.ids import new_id
from loyalty.ladders import publish_ladder
from loyalty.members import Joining, Member, join
from loyalty.reviews import (
    catch_up_batch,
    changes_of,
    foretell_batch,
    review_batch,
    review_due,
)
from loyalty.tables import event, member

JOINED = datetime(2026, 1, 10, 12, tzinfo=UTC)
EASY = tiers.default_ladder(silver=(10_000, 1), gold=(50_000, 5), diamond=(90_000, 9), join="all")
HARD = tiers.default_ladder(silver=(20_000, 2), gold=(60_000, 6), diamond=(99_000, 10), join="all")


def cause(at: datetime) -> Cause:
    return Cause(at=at, actor=job_actor("review-tiers"), request_id="test")


async def silver_member(
    connection: AsyncConnection, document: Mapping[str, object] = EASY
) -> Member:
    await publish_ladder(connection, cause(JOINED), document)
    return await member_who_bought(connection, 10_000)


async def member_who_bought(connection: AsyncConnection, *purchases: int) -> Member:
    """A member who bought on the day of joining, and every fifty days after it."""
    member = await join(connection, cause(JOINED), Joining())
    ladder = await tiers.live_ladder(connection)
    assert ladder is not None
    for at, bought in enumerate(purchases):
        on = (JOINED + timedelta(days=50 * at)).date()
        subjects = await tiers.find_subjects(connection, {member.id: JOINED.date()})
        activity = tiers.Activity(new_id(), new_id(), on, bought)
        decision = tiers.decide(ladder, subjects[member.id], (activity,), on=on)
        await tiers.record(connection, [decision], at=JOINED, actor="system", request_id="test")
    return member


async def some_members(connection: AsyncConnection) -> list[Member]:
    """Some who stay, some who fall by a step or by two, and one about whom nothing is due."""
    await publish_ladder(connection, cause(JOINED), EASY)
    lives = [(10_000,), (10_000,) * 8, (60_000,), (30_000,) * 5, (100,), (90_000,) * 9]
    return [await member_who_bought(connection, *bought) for bought in lives]


async def tier_on(connection: AsyncConnection, member: Member, at: datetime) -> str | None:
    row = (await connection.execute(tiers.standing_at(member.id, at.date()))).one()
    tier: str | None = row.tier
    return tier


async def test_a_tier_whose_time_is_over_is_taken_and_told(connection: AsyncConnection) -> None:
    member = await silver_member(connection)
    soon, later = JOINED + timedelta(days=200), JOINED + timedelta(days=400)

    assert await review_batch(connection, cause(soon)) == 0
    assert await review_batch(connection, cause(later)) == 1
    assert await review_batch(connection, cause(later)) == 0

    assert await tier_on(connection, member, soon) == "silver"
    assert await tier_on(connection, member, later) == "standard"
    told = await connection.execute(select(event.c.data).where(event.c.type == "tier.changed"))
    (data,) = told.scalars()
    assert (data["before"], data["after"]) == ("silver", "standard")


async def told_of(connection: AsyncConnection) -> list[tuple[object, ...]]:
    """All that a review writes: standings, changes and events, these in the order of the feed."""
    found: list[tuple[object, ...]] = []
    for table, order in (("standing", "member"), ("standing_change", "member, number")):
        rows = await connection.execute(text(f"SELECT t.* FROM tiers.{table} t ORDER BY {order}"))
        found += [tuple(row) for row in rows]
    fresh = {"id", "position"}
    columns = [column for column in event.columns if column.name not in fresh]
    rows = await connection.execute(select(*columns).order_by(event.c.position))
    return found + [tuple(row) for row in rows]


async def test_a_review_writes_and_tells_what_deciding_each_member_would_have(
    connection: AsyncConnection,
) -> None:
    members = sorted((one.id for one in await some_members(connection)), key=lambda id_: id_.bytes)
    later = cause(JOINED + timedelta(days=1_000))
    ladder = await tiers.live_ladder(connection)
    assert ladder is not None
    before = await told_of(connection)

    async with connection.begin_nested() as alone:
        subjects = await tiers.find_subjects(connection, dict.fromkeys(members, JOINED.date()))
        due = set(await tiers.due(connection, later.at.date(), limit=100))
        decisions = [
            tiers.decide(ladder, subjects[one], (), on=later.at.date())
            for one in members
            if one in due
        ]
        await tiers.record(
            connection, decisions, at=later.at, actor=later.actor, request_id=later.request_id
        )
        await record_events(connection, later, changes_of(later, decisions))
        wanted = await told_of(connection)
        await alone.rollback()
    reviewed = await review_batch(connection, later)

    assert reviewed == len(due) == 5
    seen = await told_of(connection)
    assert seen == wanted
    assert len(seen) > len(before) + 10
    ids = await connection.execute(select(event.c.id).where(event.c.type == "tier.changed"))
    minted = ids.scalars().all()
    assert len(set(minted)) == len(minted) > 5
    instant = str(new_id(later.at))[:19]
    assert {(str(one)[:19], one.version) for one in minted} == {(instant, 7)}


async def test_parts_are_reviewed_once_each_and_a_review_goes_on_where_one_was_cut_off(
    database: Database,
) -> None:
    members = await database.write(some_members)
    later = cause(JOINED + timedelta(days=1_000))
    async with database.read() as connection:
        parts = await tiers.parts_due(connection, later.at.date(), size=2)
    assert await database.write(review_batch, later, parts[1]) == 2

    asked: list[str] = []

    def ask(*seen: object) -> None:
        asked.append(str(seen[2]))

    listen(Engine, "before_cursor_execute", ask)
    try:
        assert await review_due(database, later, size=2) == 3
    finally:
        remove(Engine, "before_cursor_execute", ask)
    # Once: to find nobody it would have to read an index full of those who were just reviewed.
    assert sum("row_number() OVER (ORDER BY tiers.standing.member)" in one for one in asked) == 1
    assert await review_due(database, later, size=2) == 0

    async with database.read() as connection:
        told = await connection.execute(
            select(event.c.member, func.count())
            .where(event.c.type == "tier.changed")
            .group_by("member")
        )
        counted = {row[0]: row[1] for row in told}
        for one in members:
            history = await tiers.history_of(connection, one.id, limit=100)
            now = [each.change for each in history if each.recorded_at == later.at]
            assert counted.get(one.id, 0) == sum(one.before != one.after for one in now)
    assert sum(counted.values()) > 5


async def test_a_part_that_fails_takes_no_other_with_it(
    database: Database, owner_connection: AsyncConnection
) -> None:
    await database.write(some_members)
    later = cause(JOINED + timedelta(days=1_000))
    async with database.read() as connection:
        first, *_ = await tiers.parts_due(connection, later.at.date(), size=1)
    refuse = "ALTER TABLE tiers.standing_change ADD CONSTRAINT none_of_one CHECK (member <> '{}')"
    await owner_connection.execute(text(refuse.format(first.first) + " NOT VALID"))

    with pytest.raises(IntegrityError, match="none_of_one"):
        await review_due(database, later, size=1)

    async with database.read() as connection:
        assert await tiers.due(connection, later.at.date(), limit=10) == (first.first,)
        told = select(func.count()).where(
            event.c.member == first.first, event.c.type == "tier.changed"
        )
        assert (await connection.execute(told)).scalar_one() == 0
    await owner_connection.execute(
        text("ALTER TABLE tiers.standing_change DROP CONSTRAINT none_of_one")
    )
    assert await review_due(database, later, size=1) == 1


async def test_a_batch_of_many_takes_as_many_statements_as_one_of_one(
    connection: AsyncConnection,
) -> None:
    await some_members(connection)
    later = cause(JOINED + timedelta(days=1_000))
    one, *_ = await tiers.parts_due(connection, later.at.date(), size=1)
    asked: list[str] = []

    def ask(*seen: object) -> None:
        asked.append(str(seen[2]))

    listen(connection.sync_connection, "before_cursor_execute", ask)
    try:
        assert await review_batch(connection, later, one) == 1
        alone = len(asked)
        assert await review_batch(connection, later) == 4
    finally:
        remove(connection.sync_connection, "before_cursor_execute", ask)

    assert len(asked) == 2 * alone
    assert alone == 5, asked[:alone]


async def test_members_of_one_part_do_not_wait_for_those_of_another(database: Database) -> None:
    await database.write(some_members)
    later = cause(JOINED + timedelta(days=1_000))
    async with database.read() as connection:
        first, *others = await tiers.parts_due(connection, later.at.date(), size=1)

    async def hold(connection: AsyncConnection) -> list[int]:
        await connection.execute(
            select(member.c.id).where(member.c.id == first.first).with_for_update()
        )
        return [await database.write(review_batch, later, part) for part in others]

    assert await database.write(hold) == [1, 1, 1, 1]
    assert await database.write(review_batch, later, first) == 1


async def test_a_new_ladder_reaches_members_whom_nothing_else_moves(
    connection: AsyncConnection,
) -> None:
    await silver_member(connection)
    await publish_ladder(connection, cause(JOINED), HARD)
    soon = cause(JOINED + timedelta(days=1))

    behind = await catch_up_batch(connection, soon, after=None)

    assert len(behind) == 1
    assert await catch_up_batch(connection, soon, after=behind[-1]) == ()
    assert await catch_up_batch(connection, soon, after=None) == ()


async def test_who_will_fall_is_told_once_what_is_missing_to_stay_assets_included(
    connection: AsyncConnection,
) -> None:
    reach = {"any": {"purchases": 10_000, "active_days": 3, "asset:growth": 90}}
    kept = {"any": {"purchases": 8_000, "active_days": 2, "asset:growth": 50}}
    silver = {"code": "silver", "name": {"en": "Silver"}, "reach": reach, "keep": kept}
    ladder = {**EASY, "tiers": [{"code": "standard", "name": {"en": "Member"}}, silver]}
    await silver_member(connection, ladder)
    soon = cause(JOINED + timedelta(days=350))

    assert await foretell_batch(connection, soon) == 1
    assert await foretell_batch(connection, soon) == 0

    told = await connection.execute(select(event.c.data).where(event.c.type == "tier.will-fall"))
    (data,) = told.scalars()
    assert (data["tier"], data["to"]) == ("silver", "standard")
    assert data["keep"] == {
        "join": "any",
        "purchases": 8_000,
        "orders": 0,
        "active_days": 2,
        "assets": [{"asset": "growth", "missing": 50}],
        "by": "2027-01-10",
    }


async def test_a_batch_is_planned_for_as_many_as_it_has(connection: AsyncConnection) -> None:
    """A plan kept for the eleventh batch took 20,000 for ten, and looped over all for each."""
    await silver_member(connection)

    assert await review_batch(connection, cause(JOINED + timedelta(days=400))) == 1

    kept = await connection.execute(text("SHOW plan_cache_mode"))
    assert kept.scalar_one() == "force_custom_plan"
    pressed = await connection.execute(text("SHOW wal_compression"))
    assert pressed.scalar_one() == "off"
