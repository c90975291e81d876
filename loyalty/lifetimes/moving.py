"""A confirmed change carried out: the lots of some members at a time, each batch a transaction.

The row of the change remembers the last holder, so a run that dies goes on from there; a key per
change and end keeps a lot from being moved twice.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.expiry import Term
from loyalty.ids import new_id
from loyalty.lifetimes.errors import UnknownExpiryPreview
from loyalty.lifetimes.planning import Target
from loyalty.lifetimes.tables import expiry_change
from loyalty.policy import find_policy

#: The job that carries a confirmed change out.
JOB: Final = "move-ends-of-points"
BATCH: Final = 500
REASON: Final = "expiry-change"


async def move_ends_of_points(application: Application, cause: Cause, *, change: str) -> int:
    """Carry a confirmed change out to its end; answer how many lots were moved."""
    moved = 0
    while (batch := await application.database.write(move_batch, cause, UUID(change))) is not None:
        moved += batch
        await asyncio.sleep(0)
    return moved


async def move_batch(
    connection: AsyncConnection, cause: Cause, change: UUID, *, limit: int = BATCH
) -> int | None:
    """Move the lots of the next holders; answer how many lots, or None when none were left."""
    row = (
        await connection.execute(
            select(expiry_change)
            .where(expiry_change.c.id == change)
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise UnknownExpiryPreview(seen=str(change))
    if row.done or row.policy is None:
        return None
    target = Target(await find_policy(connection, row.policy), row.previewed_at, row.soonest)
    lots = await ledger.open_lots(
        connection,
        at=cause.at,
        zone=target.policy.zone.key,
        after=row.last_holder,
        limit=limit,
    )
    postings = list(_postings(cause, change, target, lots))
    for outcome in await ledger.post(connection, postings, at=cause.at):
        ledger.demand(outcome)
    moved = [one for posting in postings for one in posting.lots or ()]
    points = {lot.lot: lot.points for lot in lots}
    await connection.execute(
        update(expiry_change)
        .where(expiry_change.c.id == change)
        .values(
            last_holder=lots[-1].holder if lots else row.last_holder,
            lots_moved=expiry_change.c.lots_moved + len(moved),
            points_moved=expiry_change.c.points_moved + sum(points[one] for one in moved),
            members_moved=expiry_change.c.members_moved
            + len({posting.holder for posting in postings}),
            done=not lots,
        )
    )
    return len(moved) if lots else None


def _postings(
    cause: Cause, change: UUID, target: Target, lots: Sequence[ledger.OpenLot]
) -> Iterator[ledger.Reschedule]:
    """One posting for all lots of a holder that get the same end."""
    moved = [(lot.holder, term, lot.lot) for lot in lots if (term := target.moved(lot))]
    moved.sort(key=lambda one: (one[0], _mark(one[1]), one[2]))
    for (holder, mark), found in groupby(moved, key=lambda one: (one[0], _mark(one[1]))):
        parts = list(found)
        term = parts[0][1]
        yield ledger.Reschedule(
            holder=holder,
            key=f"{REASON}:{change}:{mark}",
            journal=new_id(cause.at),
            effective_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
            reason=REASON,
            lots=[lot for _, _, lot in parts],
            expires_at=term.expires_at,
            schedule=term.schedule,
            notice=term.notice,
        )


def _mark(term: Term) -> str:
    end = "never" if term.expires_at is None else term.expires_at.isoformat()
    return f"{end}:{term.schedule or 'fixed'}:{'told' if term.notice else 'untold'}"
