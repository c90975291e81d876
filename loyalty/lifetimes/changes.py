"""A change of when points end, previewed, confirmed by somebody, and only then retroactive.

Publishing a policy changes nothing that was earned. A change of what was earned is previewed with
its policy, and its figures are kept; confirming publishes the policy and lets a job move the lots.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id
from loyalty.jobs.queue import enqueue
from loyalty.lifetimes.errors import (
    ExpiryPolicyMoved,
    ExpiryPreviewOutdated,
    UnknownExpiryPreview,
)
from loyalty.lifetimes.moving import JOB
from loyalty.lifetimes.planning import Target
from loyalty.lifetimes.tables import expiry_change
from loyalty.policy import Policy, document_of, parse_policy, policy_at, publish_policy

#: How long a preview may be confirmed.
GOOD_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ExpiryChange:
    """A preview, what became of it, and how far the work is.

    `months` tells for each month (None: never) the lots, points and members that would end then,
    and what ends then today; `shifts` how much would end earlier, later or as before.
    """

    id: UUID
    policy: Policy
    replaces: int
    previewed_at: datetime
    soonest: datetime
    months: Sequence[Mapping[str, Any]]
    shifts: Sequence[Mapping[str, Any]]
    published: int | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    lots_moved: int
    points_moved: int
    members_moved: int
    done: bool


async def preview_expiry_change(
    connection: AsyncConnection, cause: Cause, document: object
) -> ExpiryChange:
    """Work out what a policy would make of the points there are, and keep the answer."""
    current = await policy_at(connection, cause.at)
    drafted = parse_policy(document, version=current.version + 1, starts_at=cause.at)
    target = Target.of(drafted, cause.at)
    figures = await _figures(connection, target)
    made = new_id(cause.at)
    await connection.execute(
        insert(expiry_change).values(
            id=made,
            document=document_of(drafted),
            replaces=current.version,
            previewed_at=cause.at,
            soonest=target.soonest,
            figures=figures,
            **cause.columns(),
        )
    )
    return await find_expiry_change(connection, made)


async def _figures(connection: AsyncConnection, target: Target) -> dict[str, Any]:
    at, soonest, zone = target.previewed_at, target.soonest, target.policy.zone.key
    ends = target.ends(await ledger.births(connection, at=at, zone=zone))
    months = await ledger.months_of_ends(connection, ends, at=at, soonest=soonest, zone=zone)
    shifts = await ledger.shifts(connection, ends, at=at, soonest=soonest, zone=zone)
    return {
        "months": [
            {
                "month": None if one.month is None else one.month.isoformat()[:7],
                "lots": one.lots,
                "points": one.points,
                "members": one.holders,
                "lots_before": one.lots_before,
                "points_before": one.points_before,
            }
            for one in months
        ],
        "shifts": [
            {
                "direction": one.direction,
                "lots": one.lots,
                "points": one.points,
                "members": one.holders,
            }
            for one in shifts
        ],
    }


async def confirm_expiry_change(
    connection: AsyncConnection, cause: Cause, change: UUID
) -> ExpiryChange:
    """Publish the policy of a preview and let its lots be moved; confirming again changes nothing.

    Raises `ExpiryPreviewOutdated` after seven days and `ExpiryPolicyMoved` when another policy was
    published meanwhile.
    """
    found = await _lock(connection, change)
    if found.confirmed_at is not None:
        return found
    if cause.at > found.previewed_at + GOOD_FOR:
        seen = found.previewed_at.isoformat()
        raise ExpiryPreviewOutdated(seen=seen, wanted=GOOD_FOR.days)
    current = await policy_at(connection, cause.at)
    if current.version != found.replaces:
        raise ExpiryPolicyMoved(seen=current.version, wanted=found.replaces)
    published = await publish_policy(
        connection, cause, document_of(found.policy), starts_at=cause.at
    )
    await connection.execute(
        update(expiry_change)
        .where(expiry_change.c.id == change)
        .values(policy=published.version, confirmed_at=cause.at, confirmed_by=cause.actor)
    )
    await record_change(
        connection,
        cause,
        subject_kind="policy",
        subject=str(published.version),
        action="confirm-expiry",
        after={"preview": str(change), "shifts": list(found.shifts)},
    )
    await enqueue(connection, JOB, {"change": str(change)}, once=f"{JOB}:{change}")
    return await find_expiry_change(connection, change)


async def find_expiry_change(connection: AsyncConnection, change: UUID) -> ExpiryChange:
    """Return one preview with how far it is."""
    found = await connection.execute(select(expiry_change).where(expiry_change.c.id == change))
    return _read(found.one_or_none(), change)


async def list_expiry_changes(
    connection: AsyncConnection, *, limit: int = 50
) -> Sequence[ExpiryChange]:
    """Return the previews, newest first."""
    found = await connection.execute(
        select(expiry_change).order_by(expiry_change.c.id.desc()).limit(limit)
    )
    return [_read(row, row.id) for row in found]


async def _lock(connection: AsyncConnection, change: UUID) -> ExpiryChange:
    wanted = select(expiry_change).where(expiry_change.c.id == change)
    found = await connection.execute(wanted.with_for_update(key_share=True))
    return _read(found.one_or_none(), change)


def _read(row: Row[*tuple[Any, ...]] | None, change: UUID) -> ExpiryChange:
    if row is None:
        raise UnknownExpiryPreview(seen=str(change))
    drafted = parse_policy(row.document, version=row.replaces + 1, starts_at=row.previewed_at)
    return ExpiryChange(
        id=row.id,
        policy=drafted,
        replaces=row.replaces,
        previewed_at=row.previewed_at,
        soonest=row.soonest,
        months=row.figures["months"],
        shifts=row.figures["shifts"],
        published=row.policy,
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
        lots_moved=row.lots_moved,
        points_moved=row.points_moved,
        members_moved=row.members_moved,
        done=row.done,
    )
