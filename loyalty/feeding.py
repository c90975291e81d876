"""Feeding tiers with what assets earn beside orders: gifts by hand, events, rewards."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.events import record_events
from loyalty.gains import Gain, taken_by_hand
from loyalty.members import Member
from loyalty.policy import Policy
from loyalty.reviews import changes_of


async def feed_gains(
    connection: AsyncConnection,
    cause: Cause,
    policy: Policy,
    whose: Member,
    gains: Sequence[Gain],
    *,
    taken: Mapping[str, int] | None = None,
) -> tiers.Decision | None:
    """Count what a member earned, and what was taken by hand, for the tier; tell what it moved.

    The member's row must be locked. One statement where the live ladder names none of the assets,
    and None then.
    """
    ladder = await tiers.live_ladder(connection)
    wanted = {gain.asset for gain in gains} | set(taken or ())
    if ladder is None or whose.class_ != "consumer" or not wanted.intersection(ladder.assets):
        return None
    joined_on, today = policy.day_of(whose.joined_at), policy.day_of(cause.at)
    subject = (await tiers.find_subjects(connection, {whose.id: joined_on}))[whose.id]
    told = [gain.activity() for gain in gains if gain.asset in ladder.assets]
    for asset, amount in (taken or {}).items():
        told += taken_by_hand(subject.activities, asset, amount)
    if not told:
        return None
    decision = tiers.decide(ladder, subject, told, on=today)
    await tiers.record(
        connection, [decision], at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    await record_events(connection, cause, changes_of(cause, [decision]))
    return decision
