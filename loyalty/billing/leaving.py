"""Subscriptions that nobody may go on paying for: of who has left, and of who has one already.

Both are ended at Stripe by a job, outside of any transaction, under a key that follows from the
membership or the subscription and is saved first; so each is ended, and given back, once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.deeds import leave
from loyalty.billing.errors import StripeUnavailable
from loyalty.billing.fetching import fetch
from loyalty.billing.operations import ENDING, KEYS_LAST, Operation, ask_kept
from loyalty.billing.projecting import CHECKOUT, SECOND
from loyalty.billing.refunding import paid_in, parts_of
from loyalty.billing.store import ADAPTER, member_of
from loyalty.billing.syncing import Synced, sync
from loyalty.billing.tables import stripe_operation
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.errors import LoyaltyError
from loyalty.ids import read
from loyalty.membership.errors import MembershipLive
from loyalty.membership.store import find_membership
from loyalty.membership.tables import membership
from loyalty.membership.types import PREFIX, Membership
from loyalty.tables import member

LEFT: Final = "member-closed"
BATCH: Final = 100
LOG: Final = structlog.get_logger(__name__)


async def end_left_behind(application: Application, cause: Cause) -> int:
    """End what members have at Stripe who have left; answer how many.

    Leaving is cancelling now: what the plan's policy gives back is given back.
    """
    if application.billing.gateway is None:
        return 0
    async with application.database.read() as connection:
        ids = await _of_who_left(connection, cause)
    return sum([await _end_left(application, cause, each) for each in ids])


async def _end_left(application: Application, cause: Cause, id_: UUID) -> bool:
    """End what one has who left, unless it has ended there; what was refused is for tomorrow."""
    try:
        row = await _seen_now(application, cause, id_)
        if row.ended_at is None:
            await leave(application, cause, row, LEFT, key=f"{LEFT}:{cause.at.date()}")
            return True
    except StripeUnavailable:
        LOG.warning("stripe-not-ended-yet", membership=str(id_))
    except LoyaltyError as refused:
        LOG.exception("stripe-not-ended", membership=str(id_), code=refused.code)
    return False


async def _seen_now(application: Application, cause: Cause, id_: UUID) -> Membership:
    """Return a membership as Stripe has it now: what is due follows from what was given back."""
    async with application.database.read() as connection:
        reference = (await find_membership(connection, id_)).reference
    await sync(application, cause, reference)
    async with application.database.read() as connection:
        return await find_membership(connection, id_)


async def bring_in(application: Application, cause: Cause, subscription: str) -> Synced:
    """Bring a subscription in; a second one from a page of ours is ended and given back whole.

    Nobody has two memberships, and two pages may be paid before either is known here. Raises what
    `sync` raises, and MembershipLive of a subscription that was not joined on a page of ours.
    """
    try:
        return await sync(application, cause, subscription)
    except MembershipLive as live:
        async with application.database.read() as connection:
            other = await find_membership(connection, read(PREFIX, live.seen))
        if other.adapter == ADAPTER:  # it may have ended without our knowing
            await sync(application, cause, other.reference)
    try:
        return await sync(application, cause, subscription)
    except MembershipLive:
        if not await _end_second(application, cause, subscription):
            raise
    return await sync(application, cause, subscription)


async def _end_second(application: Application, cause: Cause, subscription: str) -> bool:
    """End a subscription that was joined on a page of ours; False for any other."""
    gateway = application.billing.demand()
    picture = await fetch(gateway, subscription, at=cause.at)
    if picture is None or CHECKOUT not in (picture.subscription["metadata"] or {}):
        return False
    async with application.database.read() as connection:
        whose = await member_of(connection, picture.subscription["customer"])
    if whose is None:
        return False

    async def make() -> Mapping[str, Any]:
        return {"why": SECOND, "refunds": parts_of(paid_in(picture), picture)}

    about = Operation(whose, f"second:{subscription}", ENDING, subscription, {})
    await ask_kept(application, cause, about, make)
    LOG.warning("stripe-second-ended", subscription=subscription)
    return True


async def _of_who_left(connection: AsyncConnection, cause: Cause) -> Sequence[UUID]:
    """Return memberships of who has left, but of what was refused within the day."""
    own = stripe_operation.c
    refused = exists().where(
        own.member == membership.c.member,
        own.subscription == membership.c.reference,
        own.deed == ENDING,
        own.refused.is_not(None),
        own.asked_at > cause.at - KEYS_LAST,
    )
    wanted = (
        select(membership.c.id)
        .join(member, member.c.id == membership.c.member)
        .where(
            membership.c.adapter == ADAPTER,
            membership.c.ended_at.is_(None),
            member.c.closed_at.is_not(None),
            ~refused,
        )
        .order_by(membership.c.id)
        .limit(BATCH)
    )
    return list(await connection.scalars(wanted))
