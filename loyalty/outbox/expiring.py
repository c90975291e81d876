"""Telling members what will expire: one event, and so one message, for all of a member's lots.

Where policy asks for a notice a lot cannot lapse without one, and one more than 60 days ahead
counts as none; so a member is told when the first such lot has 45 days left, of all that end within
60. A reminder where none is required is sent once a month at most, if policy wants reminders.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.outbox.notices import POINTS_EXPIRING
from loyalty.outbox.state import State
from loyalty.outbox.tables import message
from loyalty.policy import policy_at
from loyalty.tables import event, member

EARLIEST: Final = timedelta(days=60)
"""A notice longer before the end counts as none; the ledger says so."""

LEAD: Final = timedelta(days=45)
"""How long before the first end a member is told."""

AGAIN: Final = timedelta(days=30)
"""When a notice that could not be proved is tried again, and the pause between reminders."""

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """How many members of a batch were told, and the last holder seen; None is the end."""

    told: int
    last: UUID | None


async def notify_expiring(application: Application, cause: Cause) -> int:
    """Tell every member of whose points the time has come; answer how many were told."""
    told = 0
    for notify_batch in (notify_required, remind):
        last: UUID | None = None
        while True:
            batch = await application.database.write(notify_batch, cause, after=last)
            told += batch.told
            last = batch.last
            if last is None:
                break
            await asyncio.sleep(0)
    return told


async def notify_required(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None = None, limit: int = BATCH
) -> Batch:
    """Tell one batch of members of lots that only lapse after a notice."""
    lots = await ledger.lots_to_notify(
        connection, at=cause.at, until=cause.at + EARLIEST, after=after, limit=limit
    )
    due = [each for each in _by_holder(lots) if each[0].ends_at < cause.at + LEAD]
    return await _tell(connection, cause, lots, due, required=True, limit=limit)


async def remind(
    connection: AsyncConnection, cause: Cause, *, after: UUID | None = None, limit: int = BATCH
) -> Batch:
    """Remind one batch of members of lots that lapse anyway, if policy wants it."""
    policy = await policy_at(connection, cause.at)
    if policy.expiry_reminder_days is None:
        return Batch(0, None)
    until = cause.at + timedelta(days=policy.expiry_reminder_days)
    lots = await ledger.lots_expiring(
        connection, since=cause.at, until=until, after=after, limit=limit
    )
    return await _tell(connection, cause, lots, _by_holder(lots), required=False, limit=limit)


def _by_holder(lots: Sequence[ledger.EndingLot]) -> list[Sequence[ledger.EndingLot]]:
    """Group lots by holder and asset, as they are ordered."""
    return [list(group) for _, group in groupby(lots, lambda lot: (lot.holder, lot.asset))]


async def _tell(
    connection: AsyncConnection,
    cause: Cause,
    seen: Sequence[ledger.EndingLot],
    due: Sequence[Sequence[ledger.EndingLot]],
    *,
    required: bool,
    limit: int,
) -> Batch:
    """Write an event for each holder that is due and was not told lately."""
    members = await _lock(connection, [lots[0].holder for lots in due], cause.at, required=required)
    told = 0
    for lots in due:
        whose = members.get(lots[0].holder)
        if whose is not None:
            await record_event(connection, cause, _event(cause, whose, lots, required=required))
            told += 1
    more = len({lot.holder for lot in seen}) == limit
    return Batch(told, seen[-1].holder if more else None)


async def _lock(
    connection: AsyncConnection, holders: Sequence[UUID], at: datetime, *, required: bool
) -> dict[UUID, UUID]:
    """Lock the members behind holders, in the order of their ids, but for those told lately."""
    if not holders:
        return {}
    locked = await connection.execute(
        select(member.c.id)
        .where(member.c.holder.in_(holders), member.c.closed_at.is_(None))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    lately = _told_lately(at, required=required)
    rows = await connection.execute(
        select(member.c.holder, member.c.id).where(member.c.id.in_(locked.scalars().all()), ~lately)
    )
    return {row.holder: row.id for row in rows}


def _told_lately(at: datetime, *, required: bool) -> ColumnElement[bool]:
    """Say whether a member's last notice is under way or too young to be repeated.

    An event that has no message yet is under way; a notice that was proved sent stands for its own
    lots, so that others may be told of; a reminder simply waits a month.
    """
    of_member = and_(
        event.c.member == member.c.id,
        event.c.type == "points.expiring",
        event.c.data["required"].as_boolean() == required,
        event.c.recorded_at > at - AGAIN,
    )
    if not required:
        return exists().where(of_member)
    proved = exists().where(
        message.c.member == event.c.member,
        message.c.event == event.c.id,
        message.c.template == POINTS_EXPIRING,
        message.c.state == State.SENT,
    )
    waiting = exists().where(
        message.c.member == member.c.id,
        message.c.template == POINTS_EXPIRING,
        message.c.state.in_([State.QUEUED, State.SENDING]),
    )
    return or_(waiting, exists().where(of_member, ~proved))


def _event(cause: Cause, whose: UUID, lots: Sequence[ledger.EndingLot], *, required: bool) -> Event:
    return Event(
        id=new_id(cause.at),
        member=whose,
        type="points.expiring",
        effective_at=cause.at,
        data={
            "required": required,
            "asset": lots[0].asset,
            "points": sum(lot.remaining for lot in lots),
            "first_at": lots[0].expires_at.isoformat(),
            "lots": [
                {
                    "lot": str(lot.lot),
                    "points": lot.remaining,
                    "expires_at": lot.ends_at.isoformat(),
                }
                for lot in lots
            ],
        },
    )
