"""The audit trail: who changed what, before and after, written with the change itself.

Values of personal fields and free texts never stand here: the row names the field and points to
`profile_history`, which erasure empties.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.ids import new_id
from loyalty.tables import change, profile_history

MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One management write as the trail keeps it."""

    id: UUID
    member: UUID | None
    subject_kind: str
    subject: str
    action: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    effective_at: datetime
    recorded_at: datetime
    actor: str
    request_id: str


async def record_change(
    connection: AsyncConnection,
    cause: Cause,
    *,
    subject_kind: str,
    subject: str,
    action: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    member: UUID | None = None,
) -> UUID:
    """Write one row of the trail and return its id."""
    row = new_id()  # in the order of writing, also within one request
    await connection.execute(
        insert(change).values(
            id=row,
            member=member,
            subject_kind=subject_kind,
            subject=subject,
            action=action,
            before=before,
            after=after,
            effective_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    return row


async def keep_texts(
    connection: AsyncConnection,
    cause: Cause,
    member: UUID,
    texts: Mapping[str, tuple[str | None, str | None]],
) -> dict[str, object]:
    """Keep personal values (before, after) by field and return what the trail says of them."""
    if not texts:
        return {}
    rows = {field: new_id(cause.at) for field in texts}
    await connection.execute(
        insert(profile_history),
        [
            {"member": member, "id": rows[field], "field": field, "before": was, "after": becomes}
            for field, (was, becomes) in texts.items()
        ],
    )
    return {field: {"history": str(row)} for field, row in rows.items()}


async def texts_of(
    connection: AsyncConnection, member: UUID, rows: Sequence[UUID]
) -> Mapping[UUID, str | None]:
    """Return what kept texts became, by their row; an erased one is None."""
    if not rows:
        return {}
    found = await connection.execute(
        select(profile_history.c.id, profile_history.c.after).where(
            profile_history.c.member == member, profile_history.c.id.in_(rows)
        )
    )
    return {row.id: row.after for row in found}


async def list_changes(
    connection: AsyncConnection,
    *,
    limit: int,
    before: UUID | None = None,
    member: UUID | None = None,
    subject_kind: str | None = None,
    subject: str | None = None,
) -> Sequence[Change]:
    """Return the newest rows of the trail, optionally of one member or subject."""
    wanted = _listed.order_by(change.c.id.desc()).limit(min(limit, MOST_LISTED))
    if before is not None:
        wanted = wanted.where(change.c.id < before)
    if member is not None:
        wanted = wanted.where(change.c.member == member)
    if subject_kind is not None:
        wanted = wanted.where(change.c.subject_kind == subject_kind)
    if subject is not None:
        wanted = wanted.where(change.c.subject == subject)
    return [Change(*row) for row in await connection.execute(wanted)]


_listed: Final = select(
    change.c.id,
    change.c.member,
    change.c.subject_kind,
    change.c.subject,
    change.c.action,
    change.c.before,
    change.c.after,
    change.c.effective_at,
    change.c.recorded_at,
    change.c.actor,
    change.c.request_id,
)
