"""What a change of a membership brings along: the trial, the tier floor, bonus points, events."""

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.events import record_events
from loyalty.fees import end_fees
from loyalty.members import Member
from loyalty.membership.bonus import give_bonus, turn_bonus
from loyalty.membership.money import Scene
from loyalty.membership.telling import events_of
from loyalty.membership.trials import remember_trial
from loyalty.membership.types import Applied
from loyalty.membership.writing import add_step
from loyalty.partners.ending import void_codes
from loyalty.reviews import changes_of


async def carry_out(
    connection: AsyncConnection,
    scene: Scene,
    whose: Member,
    applied: Applied,
) -> Applied:
    """Carry out what follows from a change that is written; the member's row is locked.

    Returns what was applied with what of that is told on the timeline.
    """
    row = applied.membership
    if scene.before is None and row.trial_ends_at is not None:
        await remember_trial(connection, scene.cause, whose.id, row.id)
    await _hold_tier(connection, scene, whose)
    await give_bonus(connection, scene, whose, applied)
    turned = await turn_bonus(connection, scene, whose, applied)
    await _end_fees(connection, scene, applied)
    if row.ended_at is not None and (scene.before is None or scene.before.ended_at is None):
        await void_codes(connection, scene.cause, row)
    told = events_of(scene, applied)
    await record_events(connection, scene.cause, told)
    if turned is None:
        return applied
    row = await add_step(connection, scene.cause, row, turned)
    return replace(applied, membership=row, steps=(*applied.steps, turned))


async def _end_fees(connection: AsyncConnection, scene: Scene, applied: Applied) -> None:
    """Tell the books which paid periods an end has cut short, and what is owed of them."""
    before, row = scene.before, scene.row
    if row.ended_at is None:
        return
    ends_now = before is None or before.ended_at != row.ended_at
    owed = {one.charge: one.net for one in scene.due}
    due = {
        each.id: each.refunded_net + owed[each.reference] if each.reference in owed else 0
        for each in (*(scene.known if ends_now else ()), *applied.charges)
        if each.reason != "late" and (each.ends_at > row.ended_at or each.reference in owed)
    }
    await end_fees(
        connection, scene.policy, scene.cause, member=row.member, ended_at=row.ended_at, due=due
    )


async def _hold_tier(connection: AsyncConnection, scene: Scene, whose: Member) -> None:
    """Lay the plan's floor under the member's tier as long as it gives access, or lift it."""
    before, row, tier = scene.before, scene.row, scene.plan.tier_floor
    moved = before is None or (before.access_until, before.plan) != (row.access_until, row.plan)
    if not moved or whose.class_ != "consumer":
        return
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return
    policy, at = scene.policy, scene.cause.at
    today = policy.day_of(at)
    until = policy.day_of(row.access_until) + timedelta(days=1)
    joined_on = policy.day_of(whose.joined_at)
    subject = (await tiers.find_subjects(connection, {whose.id: joined_on}))[whose.id]
    lies = subject.standing is not None and subject.standing.floor_of("plan") is not None
    known = tier is not None and tier in {one.code for one in ladder.tiers}
    if known and row.access_until > at and until > today:
        decision = _floored(ladder, subject, scene, until, today)
    elif lies:
        decision = tiers.lift_floor(ladder, subject, on=today, kind="plan")
    else:
        return
    cause = scene.cause
    await tiers.record(
        connection, [decision], at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    await record_events(connection, cause, changes_of(cause, [decision]))


def _floored(
    ladder: tiers.Ladder, subject: tiers.Subject, scene: Scene, until: date, today: date
) -> tiers.Decision:
    return tiers.place_floor(
        ladder,
        subject,
        tier=scene.plan.tier_floor or "",
        until=until,
        reason=f"plan:{scene.plan.code}",
        on=today,
        kind="plan",
    )
