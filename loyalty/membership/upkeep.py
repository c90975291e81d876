"""Writes down what time has done to memberships, and tells members of what is ahead.

Access needs none of it: it follows from the row and the instant. Each batch is one transaction, and
a run that dies is run again.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.events import Event, record_events
from loyalty.ids import new_id, show
from loyalty.membership.applying import settle_now
from loyalty.membership.asking import end_now
from loyalty.membership.external import hold
from loyalty.membership.store import due_rows, lock_membership
from loyalty.membership.tables import membership
from loyalty.membership.types import PREFIX, Membership
from loyalty.plans.store import plan_of_price
from loyalty.plans.tables import plan_price
from loyalty.savings import savings_of
from loyalty.tables import member

BATCH: Final = 100
TRIAL_NOTICE: Final = timedelta(days=3)
MONTHLY_NOTICE: Final = timedelta(days=7)
YEARLY_NOTICE: Final = timedelta(days=30)


async def keep_memberships(application: Application, cause: Cause) -> int:
    """Write down every end that time has brought, and tell of every end ahead; answer how many."""
    done = 0
    for step in (settle_batch, end_closed_batch, foretell_batch):
        last: UUID | None = None
        while batch := await application.database.write(step, cause, after=last):
            done += len(batch)
            last = batch[-1]
            await asyncio.sleep(0)
    return done


async def settle_batch(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None = None, limit: int = BATCH
) -> Sequence[UUID]:
    """Write down what time has done to one batch of memberships that the shop charges for."""
    due = await due_rows(connection, cause.at, limit=limit, after=after)
    for row in due:
        await settle_now(connection, cause, await lock_membership(connection, row.id))
    return [row.id for row in due]


async def end_closed_batch(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None = None, limit: int = BATCH
) -> Sequence[UUID]:
    """End one batch of memberships of members who have left, and whom the shop charged."""
    here = and_(
        membership.c.ended_at.is_(None),
        membership.c.adapter == "external",
        member.c.closed_at.is_not(None),
        member.c.merged_into.is_(None),
    )
    wanted = (
        select(membership.c.id)
        .join(member, member.c.id == membership.c.member)
        .where(here if after is None else and_(here, membership.c.id > after))
        .order_by(membership.c.id)
        .limit(limit)
    )
    found = list(await connection.scalars(wanted))
    for id_ in found:
        held = await hold(connection, cause, id_)
        if held.row.ended_at is None:
            await end_now(connection, cause, held, "member-closed")
        else:
            await settle_now(connection, cause, held.stored)
    return found


async def foretell_batch(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None = None, limit: int = BATCH
) -> Sequence[UUID]:
    """Tell one batch of members that their trial ends or their membership is renewed."""
    found = list(await connection.scalars(_ahead(cause.at, after, limit)))
    for id_ in found:
        row = await lock_membership(connection, id_)
        still = _ahead(cause.at, None, 1).where(membership.c.id == id_)
        if await connection.scalar(still) is None:  # it was told, or cancelled, in this moment
            continue
        told = await _ahead_event(connection, cause, row)
        await connection.execute(
            update(membership)
            .where(membership.c.member == row.member, membership.c.id == id_)
            .values(foretold_end=row.period_end or row.trial_ends_at)
        )
        await record_events(connection, cause, [told])
    return found


def _ahead(at: datetime, after: UUID | None, limit: int) -> Select[UUID]:
    """Return the live memberships whose end is near and has not been told."""
    row = membership.c
    untold = or_(row.foretold_end.is_(None), row.foretold_end < row.period_end)
    trial = and_(
        row.state == "trial",
        row.foretold_end.is_(None),
        row.trial_ends_at > at,
        row.trial_ends_at <= at + TRIAL_NOTICE,
    )
    notices = (("month", MONTHLY_NOTICE), ("year", YEARLY_NOTICE))
    renewals = (
        and_(plan_price.c.every == every, row.period_end > at, row.period_end <= at + notice)
        for every, notice in notices
    )
    renewal = and_(row.state == "active", untold, or_(*renewals))
    wanted = (
        select(row.id)
        .join(plan_price, plan_price.c.id == row.price)
        .where(row.ended_at.is_(None), row.cancel_at.is_(None), or_(trial, renewal))
        .order_by(row.id)
        .limit(limit)
    )
    return wanted if after is None else wanted.where(row.id > after)


async def _ahead_event(connection: AsyncConnection, cause: Cause, row: Membership) -> Event:
    price_id = row.next_price or row.price
    plan = await plan_of_price(connection, price_id)
    price = next(one for one in plan.prices if one.id == price_id)
    data: dict[str, object] = {
        "membership": show(PREFIX, row.id),
        "plan": plan.code,
        "price": price.code,
        "state": row.state,
        "amount": price.amount,
        "currency": plan.currency,
    }
    if row.period_end is None:
        ends_at = row.trial_ends_at or row.access_until
        type_, when = "membership.trial-ending", {"ends_at": ends_at.isoformat()}
    else:
        type_, when = "membership.renewal-ahead", {"renews_at": row.period_end.isoformat()}
        held = await plan_of_price(connection, row.price)
        data["saved"] = (await savings_of(connection, row, held, at=cause.at)).saved
    return Event(new_id(cause.at), row.member, type_, cause.at, {**data, **when})
