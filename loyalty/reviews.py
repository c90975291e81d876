"""The tier review: what time alone decides about standings, batch by batch.

A standing says on which day something is next decided about it even if nothing happens. Each batch
locks its members, and one statement decides and stores them with their reasons. So does moving to a
ladder that was published at once; where promises are kept, they differ, and members of an earlier
ladder are decided one by one. Who will soon lose a tier is
told so, and what would prevent it.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.events import Event, record_events
from loyalty.filling import fill_gains
from loyalty.ids import new_id
from loyalty.ladders import publish_due_drafts
from loyalty.policy import Policy, policy_at
from loyalty.tables import member

BATCH: Final = 200
YOUNG: Final = timedelta(days=2)
"""How long after its publication a ladder is still given what was earned meanwhile."""
MANY: Final = 20_000
"""How many standings one statement decides; their members are locked meanwhile."""
OF_MANY: Final = select(
    func.set_config("work_mem", "64MB", literal(value=True)),
    func.set_config("plan_cache_mode", "force_custom_plan", literal(value=True)),
)
"""In this transaction: memory for what is decided of so many, and a plan that knows how many."""


async def review_tiers(application: Application, cause: Cause) -> int:
    """Review every standing that is due or on an older ladder; answer how many."""
    await application.database.write(publish_due_drafts, cause)
    await application.database.write(bring_gains, cause)
    reviewed = 0
    while moved := await application.database.write(move_batch, cause):
        reviewed += moved
        await asyncio.sleep(0)
    last = None
    while behind := await application.database.write(catch_up_batch, cause, after=last):
        reviewed += len(behind)
        last = behind[-1]
        await asyncio.sleep(0)
    while batch := await application.database.write(review_batch, cause):
        reviewed += batch
        await asyncio.sleep(0)
    while batch := await application.database.write(foretell_batch, cause):
        del batch
        await asyncio.sleep(0)
    return reviewed


async def bring_gains(connection: AsyncConnection, cause: Cause) -> int:
    """Bring along what the assets of a young ladder earned while it was being published."""
    published = (await tiers.list_ladders(connection))[:1]
    if not published or cause.at - published[0].published_at > YOUNG:
        return 0
    return await fill_gains(connection, await policy_at(connection, cause.at), published[0].ladder)


async def review_batch(connection: AsyncConnection, cause: Cause, *, limit: int = MANY) -> int:
    """Review one batch of standings that are due and return its size."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return 0
    policy = await policy_at(connection, cause.at)
    today = policy.day_of(cause.at)
    due = await tiers.due(connection, today, limit=limit, version=ladder.version)
    if not due:
        return 0
    await _lock(connection, policy, due)
    await connection.execute(OF_MANY)
    moved = await tiers.review(
        connection,
        ladder,
        due,
        on=today,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )
    await record_events(connection, cause, [_changed(cause, each) for each in moved])
    return len(due)


async def move_batch(connection: AsyncConnection, cause: Cause, *, limit: int = MANY) -> int:
    """Move one batch of standings to a ladder that was published at once; answer how many."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None or ladder.moves != "at-once":
        return 0
    policy = await policy_at(connection, cause.at)
    today = policy.day_of(cause.at)
    behind = await tiers.movable(connection, ladder.version, on=today, limit=limit)
    if not behind:
        return 0
    await _lock(connection, policy, behind)
    await connection.execute(OF_MANY)
    moved = await tiers.move(
        connection,
        ladder,
        behind,
        on=today,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )
    await record_events(connection, cause, [_changed(cause, each) for each in moved])
    return len(behind)


async def catch_up_batch(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None, limit: int = BATCH
) -> Sequence[UUID]:
    """Decide one batch of standings that name an older ladder, by the live one."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return ()
    policy = await policy_at(connection, cause.at)
    behind = await tiers.left_behind(connection, ladder.version, limit=limit, after=after)
    joined_on = await _lock(connection, policy, behind)
    if not joined_on:
        return behind
    subjects = await tiers.find_subjects(connection, joined_on)
    decisions = [
        tiers.decide(ladder, subject, (), on=policy.day_of(cause.at))
        for subject in subjects.values()
        if subject.standing is not None
    ]
    await tiers.record(
        connection, decisions, at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    await record_events(connection, cause, changes_of(cause, decisions))
    return behind


async def foretell_batch(connection: AsyncConnection, cause: Cause, *, limit: int = BATCH) -> int:
    """Tell one batch of members which tier they will lose, and what would keep it."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None or ladder.notice_days == 0:
        return 0
    policy = await policy_at(connection, cause.at)
    today = policy.day_of(cause.at)
    falling = await tiers.about_to_fall(connection, today, within=ladder.notice_days, limit=limit)
    if not falling:
        return 0
    joined_on = await _lock(connection, policy, falling)
    subjects = await tiers.find_subjects(connection, joined_on)
    await tiers.mark_told(connection, falling)
    told = [
        event
        for subject in subjects.values()
        if (event := _will_fall(cause, ladder, subject, today)) is not None
    ]
    await record_events(connection, cause, told)
    return len(falling)


def changes_of(cause: Cause, decisions: Sequence[tiers.Decision]) -> list[Event]:
    """The events of decisions that no order made: one for each change of the tier in force."""
    return [
        _changed(
            cause,
            tiers.Moved(one.member, change.on, change.rule, change.before, change.after),
        )
        for one in decisions
        for change in one.changes
        if change.before != change.after
    ]


async def _lock(
    connection: AsyncConnection, policy: Policy, members: Sequence[UUID]
) -> dict[UUID, date]:
    """Lock the members in order of id, and answer when each joined."""
    locked = await connection.execute(
        select(member.c.id, member.c.joined_at)
        .where(member.c.id == func.any(literal(list(members), ARRAY(Uuid))))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    return {row.id: policy.day_of(row.joined_at) for row in locked}


def _changed(cause: Cause, moved: tiers.Moved) -> Event:
    return Event(
        id=new_id(cause.at),
        member=moved.member,
        type="tier.changed",
        effective_at=cause.at,
        data={
            "before": moved.before,
            "after": moved.after,
            "rule": moved.rule.value,
            "on": moved.on.isoformat(),
        },
    )


def _will_fall(
    cause: Cause, ladder: tiers.Ladder, subject: tiers.Subject, today: date
) -> Event | None:
    standing = subject.standing
    if standing is None or standing.fall is None:
        return None
    data: dict[str, object] = {
        "tier": standing.effective_on(today)[0],
        "to": standing.effective_on(standing.fall.on)[0],
        "on": standing.fall.on.isoformat(),
    }
    keep = tiers.progress_of(ladder, subject, on=today).keep
    if keep is not None and keep.by is not None:
        data["keep"] = {
            "join": keep.join,
            "purchases": keep.purchases,
            "orders": keep.orders,
            "active_days": keep.active_days,
            "assets": [{"asset": asset, "missing": short} for asset, short in keep.assets],
            "by": keep.by.isoformat(),
        }
    return Event(
        id=new_id(cause.at),
        member=subject.member,
        type="tier.will-fall",
        effective_at=cause.at,
        data=data,
    )
