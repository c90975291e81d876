"""The tier review: what time alone decides about standings, batch by batch.

A standing says on which day something is next decided about it even if nothing happens. Each batch
locks its members, decides them by the pure engine, and stores the decisions with their reasons.
"""

import asyncio
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.policy import policy_at
from loyalty.tables import member

BATCH: Final = 200


async def review_tiers(application: Application, cause: Cause) -> int:
    """Review every standing that is due, one transaction a batch; answer how many."""
    reviewed = 0
    while batch := await application.database.write(review_batch, cause):
        reviewed += batch
        await asyncio.sleep(0)
    return reviewed


async def review_batch(connection: AsyncConnection, cause: Cause, *, limit: int = BATCH) -> int:
    """Review one batch and return its size; zero when nothing is due."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return 0
    policy = await policy_at(connection, cause.at)
    today = policy.day_of(cause.at)
    due = await tiers.due(connection, today, limit=limit)
    locked = await connection.execute(
        select(member.c.id, member.c.joined_at)
        .where(member.c.id.in_(due))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    joined_on = {row.id: policy.day_of(row.joined_at) for row in locked}
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
    return len(decisions)


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
