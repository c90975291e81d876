"""Ends of points already earned: previewed, confirmed, moved; never retroactive otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.adjustments import Adjustment, adjust
from loyalty.cause import SYSTEM, Cause
from loyalty.ids import new_id
from loyalty.lifetimes import (
    ExpiryPolicyMoved,
    ExpiryPreviewOutdated,
    UnknownExpiryPreview,
    confirm_expiry_change,
    find_expiry_change,
    list_expiry_changes,
    preview_expiry_change,
)
from loyalty.lifetimes.moving import move_batch
from loyalty.members import Joining, Member, join, lock_member
from loyalty.members.types import Ref
from loyalty.policy import document_of, policy_at, publish_policy
from tests.support.policies import lasting

BEGIN = datetime(2026, 1, 10, 12, tzinfo=UTC)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def cause(at: datetime) -> Cause:
    return Cause(at, SYSTEM, "test")


async def member(connection: AsyncConnection, name: str) -> Member:
    return await join(connection, cause(BEGIN), Joining(external_id=name))


async def given(connection: AsyncConnection, whose: Member, points: int, at: datetime) -> None:
    locked = await lock_member(connection, Ref("member", "", id=whose.id))
    await adjust(connection, cause(at), locked, Adjustment(points, "goodwill", "admin"))


async def publish(connection: AsyncConnection, at: datetime, **fields: Any) -> None:
    document = document_of(await policy_at(connection, at))
    await publish_policy(connection, cause(at), {**document, **fields})


async def ends(connection: AsyncConnection, whose: Member, at: datetime = NOW) -> list[Any]:
    lots = await ledger.lots(connection, whose.holder, at=at)
    return [(lot.granted, lot.expires_at) for lot in lots]


async def draft(connection: AsyncConnection, **fields: Any) -> dict[str, Any]:
    return {**document_of(await policy_at(connection, NOW)), **fields}


async def carry_out(connection: AsyncConnection, change: UUID, *, limit: int = 500) -> int:
    moved = 0
    while (batch := await move_batch(connection, cause(NOW), change, limit=limit)) is not None:
        moved += batch
    return moved


def midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


async def test_publishing_alone_changes_nothing_already_earned(connection: AsyncConnection) -> None:
    ada = await member(connection, "ada")
    await publish(connection, BEGIN, **lasting(12))
    await given(connection, ada, 100, BEGIN)

    await publish(connection, NOW, **lasting(3))
    await given(connection, ada, 50, NOW)

    assert await ends(connection, ada) == [
        (50, midnight(2026, 9, 16)),
        (100, midnight(2027, 1, 11)),
    ]


async def test_a_preview_counts_by_month_what_would_end_and_moves_nothing(
    connection: AsyncConnection,
) -> None:
    ada, ben = await member(connection, "ada"), await member(connection, "ben")
    await publish(connection, BEGIN, **lasting(12))
    await given(connection, ada, 100, BEGIN)
    await given(connection, ada, 10, BEGIN + timedelta(days=90))
    await given(connection, ben, 5, BEGIN + timedelta(days=90))
    before = await ends(connection, ada)

    change = await preview_expiry_change(
        connection, cause(NOW), await draft(connection, **lasting(8))
    )

    assert change.months == [
        {"month": "2026-09", "lots": 1, "points": 100, "members": 1, "lots_before": 0,
         "points_before": 0},
        {"month": "2026-12", "lots": 2, "points": 15, "members": 2, "lots_before": 0,
         "points_before": 0},
        {"month": "2027-01", "lots": 0, "points": 0, "members": 0, "lots_before": 1,
         "points_before": 100},
        {"month": "2027-04", "lots": 0, "points": 0, "members": 0, "lots_before": 2,
         "points_before": 15},
    ]  # fmt: skip
    assert change.shifts == [{"direction": "earlier", "lots": 3, "points": 115, "members": 2}]
    assert not change.done
    assert await ends(connection, ada) == before
    assert await move_batch(connection, cause(NOW), change.id) is None
    assert (await policy_at(connection, NOW)).expiry.default.count == 12


async def test_confirming_publishes_the_policy_and_moves_what_the_preview_told(
    connection: AsyncConnection,
) -> None:
    members = [await member(connection, f"m{number}") for number in range(5)]
    await publish(connection, BEGIN, **lasting(12))
    for whose in members:
        await given(connection, whose, 100, BEGIN)
        await given(connection, whose, 20, BEGIN + timedelta(days=60))
    change = await preview_expiry_change(
        connection, cause(NOW), await draft(connection, **lasting(24))
    )

    confirmed = await confirm_expiry_change(connection, cause(NOW), change.id)
    again = await confirm_expiry_change(connection, cause(NOW), change.id)
    moved = await carry_out(connection, change.id, limit=2)
    done = await find_expiry_change(connection, change.id)

    assert confirmed.published == again.published
    assert (await policy_at(connection, NOW)).expiry.default.count == 24
    assert moved == done.lots_moved == 10
    assert (done.points_moved, done.members_moved, done.done) == (600, 5, True)
    for whose in members:
        assert await ends(connection, whose) == [
            (100, midnight(2028, 1, 11)),
            (20, midnight(2028, 3, 12)),
        ]
    assert await carry_out(connection, change.id) == 0
    assert [one.id for one in await list_expiry_changes(connection)] == [change.id]
    jobs = await connection.scalar(
        text("select count(*) from procrastinate.procrastinate_jobs where task_name = :job"),
        {"job": "move-ends-of-points"},
    )
    assert jobs == 1


async def test_nobody_loses_points_sooner_than_in_thirty_days(connection: AsyncConnection) -> None:
    ada = await member(connection, "ada")
    await publish(connection, BEGIN, **lasting(12))
    await given(connection, ada, 100, BEGIN)
    await publish(connection, BEGIN + timedelta(days=150), **lasting(1))
    await given(connection, ada, 5, BEGIN + timedelta(days=150))

    change = await preview_expiry_change(
        connection, cause(NOW), await draft(connection, **lasting(2))
    )
    await confirm_expiry_change(connection, cause(NOW), change.id)
    await carry_out(connection, change.id)

    assert await ends(connection, ada) == [
        (100, NOW + timedelta(days=30)),
        (5, midnight(2026, 8, 10)),
    ]


async def test_the_figures_of_a_preview_are_those_of_the_work(connection: AsyncConnection) -> None:
    members = [await member(connection, f"m{number}") for number in range(4)]
    await publish(connection, BEGIN, **lasting(6))
    for number, whose in enumerate(members):
        for days in (0, 31, 90, 150):
            await given(connection, whose, 1 + number + days, BEGIN + timedelta(days=days + number))
    rolling = {"kind": "end-of-quarter", "quarters": 1, "notice": False}
    expiry = {**lasting(6)["expiry"], "default": rolling}
    change = await preview_expiry_change(
        connection, cause(NOW), await draft(connection, expiry=expiry)
    )

    await confirm_expiry_change(connection, cause(NOW), change.id)
    await carry_out(connection, change.id)

    told: dict[str, int] = {}
    for whose in members:
        for points, end in await ends(connection, whose):
            month = (end - timedelta(microseconds=1)).strftime("%Y-%m")
            told[month] = told.get(month, 0) + points
    assert {one["month"]: one["points"] for one in change.months if one["points"]} == told


async def test_points_that_lapse_with_inactivity_from_now_on_begin_to_count_now(
    connection: AsyncConnection,
) -> None:
    ada = await member(connection, "ada")
    await publish(connection, BEGIN, **lasting(12))
    await given(connection, ada, 100, BEGIN)
    idle = {"kind": "rolling", "months": 6, "notice": False}
    expiry = {"default": idle, "sources": {}, "by_time": True, "activities": ["adjustment"]}

    change = await preview_expiry_change(
        connection, cause(NOW), await draft(connection, expiry=expiry)
    )
    await confirm_expiry_change(connection, cause(NOW), change.id)
    await carry_out(connection, change.id)
    first = await ends(connection, ada)
    later = NOW + timedelta(days=40)
    await given(connection, ada, 1, later)

    assert first == [(100, midnight(2026, 12, 16))]
    assert {end for _, end in await ends(connection, ada, later)} == {midnight(2027, 1, 26)}


async def test_what_was_earned_under_an_earlier_schedule_goes_on_as_promised(
    connection: AsyncConnection,
) -> None:
    ada = await member(connection, "ada")
    kept = {"sources": {}, "by_time": True, "activities": ["adjustment"]}
    for at, months in ((BEGIN, 12), (NOW, 3)):
        idle = {"kind": "rolling", "months": months, "notice": False}
        await publish(connection, at, expiry={"default": idle, **kept})
        await given(connection, ada, months, at)

    assert await ends(connection, ada) == [
        (3, midnight(2026, 9, 16)),
        (12, midnight(2027, 6, 16)),
    ]


async def test_a_preview_is_confirmed_in_time_and_against_the_policy_it_was_made_for(
    connection: AsyncConnection,
) -> None:
    await member(connection, "ada")
    change = await preview_expiry_change(
        connection, cause(NOW), await draft(connection, **lasting(2))
    )

    with pytest.raises(ExpiryPreviewOutdated):
        await confirm_expiry_change(connection, cause(NOW + timedelta(days=8)), change.id)
    await publish(connection, NOW, **lasting(9))
    with pytest.raises(ExpiryPolicyMoved):
        await confirm_expiry_change(connection, cause(NOW), change.id)
    with pytest.raises(UnknownExpiryPreview):
        await confirm_expiry_change(connection, cause(NOW), new_id())
