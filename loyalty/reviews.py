"""The tier review: what time alone decides about standings, batch by batch.

A standing says on which day something is next decided about it even if nothing happens. Each batch
locks its members, decides them by the pure engine, and stores the decisions with their reasons.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.policy import Policy, policy_at
from loyalty.tables import member

BATCH: Final = 200


async def review_tiers(application: Application, cause: Cause) -> int:
    """Review every standing that is due or on an older ladder; answer how many."""
    reviewed = 0
    while batch := await application.database.write(review_batch, cause):
        reviewed += batch
        await asyncio.sleep(0)
    last = None
    while behind := await application.database.write(catch_up_batch, cause, after=last):
        reviewed += len(behind)
        last = behind[-1]
    return reviewed


async def review_batch(connection: AsyncConnection, cause: Cause, *, limit: int = BATCH) -> int:
    """Review one batch of standings that are due and return its size."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return 0
    policy = await policy_at(connection, cause.at)
    due = await tiers.due(connection, policy.day_of(cause.at), limit=limit)
    await _decide(connection, cause, policy, ladder, due)
    return len(due)


async def catch_up_batch(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None, limit: int = BATCH
) -> Sequence[UUID]:
    """Decide one batch of standings that name an older ladder, by the live one."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return ()
    policy = await policy_at(connection, cause.at)
    behind = await tiers.left_behind(connection, ladder.version, limit=limit, after=after)
    await _decide(connection, cause, policy, ladder, behind)
    return behind


async def _decide(
    connection: AsyncConnection,
    cause: Cause,
    policy: Policy,
    ladder: tiers.Ladder,
    members: Sequence[UUID],
) -> None:
    """Lock the members, decide each by what is stored, and store the decisions."""
    today = policy.day_of(cause.at)
    locked = await connection.execute(
        select(member.c.id, member.c.joined_at)
        .where(member.c.id.in_(members))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    joined_on = {row.id: policy.day_of(row.joined_at) for row in locked}
    if not joined_on:
        return
    subjects = await tiers.find_subjects(connection, joined_on)
    decisions = [
        tiers.decide(ladder, subject, (), on=today)
        for subject in subjects.values()
        if subject.standing is not None
    ]
    await tiers.record(
        connection, decisions, at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    for decision in decisions:
        for change in decision.changes:
            if change.before != change.after:
                await record_event(connection, cause, _event(cause, decision, change))


def _event(cause: Cause, decision: tiers.Decision, change: tiers.Change) -> Event:
    return Event(
        id=new_id(cause.at),
        member=decision.member,
        type="tier.changed",
        effective_at=cause.at,
        data={
            "before": change.before,
            "after": change.after,
            "rule": change.rule.value,
            "on": change.on.isoformat(),
        },
    )
