"""The outbox: what the programme tells the world, one row per operation.

A row is numbered per member, so the caller must hold the member's row lock; a feed reads rows in
order of position up to the oldest transaction still running. Nothing is enqueued here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Insert, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.tables import event


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a member; `data` holds ids and codes, never personal data."""

    id: UUID
    member: UUID
    type: str
    effective_at: datetime
    data: Mapping[str, object]
    schema_version: int = 1
    historic: bool = False


async def record_event(connection: AsyncConnection, cause: Cause, happened: Event) -> None:
    """Write one event; the member's row must be locked."""
    await connection.execute(event_insert(cause, happened))


def event_insert(cause: Cause, happened: Event) -> Insert:
    """Return the statement, so that it can travel as a CTE of the caller's own."""
    last = select(func.max(event.c.sequence)).where(event.c.member == happened.member)
    values = {
        "member": literal(happened.member),
        "sequence": func.coalesce(last.scalar_subquery(), 0) + 1,
        "id": literal(happened.id),
        "type": literal(happened.type),
        "schema_version": literal(happened.schema_version),
        "effective_at": literal(happened.effective_at),
        "actor": literal(cause.actor),
        "request_id": literal(cause.request_id),
        "historic": literal(happened.historic or cause.historic),
        "data": literal(dict(happened.data), JSONB),
    }
    return insert(event).values(values)
