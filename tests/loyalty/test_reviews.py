"""The tier review: time alone takes a tier away, and a new ladder reaches everybody."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause, job_actor
from loyalty.ids import new_id
from loyalty.ladders import publish_ladder
from loyalty.members import Joining, Member, join
from loyalty.reviews import catch_up_batch, foretell_batch, review_batch
from loyalty.tables import event

JOINED = datetime(2026, 1, 10, 12, tzinfo=UTC)
EASY = tiers.default_ladder(silver=(10_000, 1), gold=(50_000, 5), diamond=(90_000, 9), join="all")
HARD = tiers.default_ladder(silver=(20_000, 2), gold=(60_000, 6), diamond=(99_000, 10), join="all")


def cause(at: datetime) -> Cause:
    return Cause(at=at, actor=job_actor("review-tiers"), request_id="test")


async def silver_member(
    connection: AsyncConnection, document: Mapping[str, object] = EASY
) -> Member:
    await publish_ladder(connection, cause(JOINED), document)
    member = await join(connection, cause(JOINED), Joining())
    ladder = await tiers.live_ladder(connection)
    assert ladder is not None
    subjects = await tiers.find_subjects(connection, {member.id: JOINED.date()})
    bought = tiers.Activity(new_id(), new_id(), JOINED.date(), 10_000)
    decision = tiers.decide(ladder, subjects[member.id], (bought,), on=JOINED.date())
    await tiers.record(connection, [decision], at=JOINED, actor="system", request_id="test")
    return member


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
