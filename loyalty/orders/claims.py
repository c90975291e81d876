"""Orders of members who were merged: they stay where they were, and count for the survivor.

An order's keys stand at the holder who placed it. What it still earns, takes back or releases is
posted there with the lots concerned, and goes on to the survivor at once; so do its tier, what it
has taken of limits, and the vouchers that it gives back.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Use, pass_on_counters, settle_uses
from ledger import Outcome, Posting, post, post_recalled
from loyalty.members import Member, Ref, lock_member
from loyalty.members.merging import pass_vouchers
from loyalty.policy import Policy
from tiers import Subject, find_subjects


async def lock_survivor(connection: AsyncConnection, whose: Member) -> Member:
    """Return as whom a member goes on, with that row locked; themselves if they were not merged."""
    while whose.merged_into is not None:
        whose = await lock_member(connection, Ref("member", "", id=whose.merged_into))
    return whose


async def survivors_subject(
    connection: AsyncConnection, whose: Member, policy: Policy
) -> Subject | None:
    """Return where the survivor of a merged member stands; only consumers stand anywhere."""
    survivor = await lock_survivor(connection, whose)
    if survivor.class_ != "consumer":
        return None
    joined_on = policy.day_of(survivor.joined_at)
    return (await find_subjects(connection, {survivor.id: joined_on}))[survivor.id]


async def post_claims(
    connection: AsyncConnection, whose: Member | None, postings: Sequence[Posting], *, at: datetime
) -> list[Outcome]:
    """Post what a step of an order does to the wallet of its member, or of whom they go on as."""
    if whose is None or whose.merged_into is None:
        return await post(connection, postings, at=at)
    survivor = await lock_survivor(connection, whose)
    return await post_recalled(connection, postings, to=survivor.holder, at=at)


async def settle_claims(
    connection: AsyncConnection, whose: Member | None, uses: Sequence[Use], *, at: datetime
) -> None:
    """Let what a step moves of limits, and vouchers that it gave back, count for the survivor.

    Of a member who was not merged nothing is done.
    """
    if whose is None or whose.merged_into is None:
        return
    survivor = await lock_survivor(connection, whose)
    await pass_vouchers(connection, whose.id, survivor.id, at=at)
    if uses:
        await settle_uses(connection, uses)
        await pass_on_counters(connection, whose.id, survivor.id, at=at)
