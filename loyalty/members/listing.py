"""Members in a list, with the names people know them by; one statement a page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.names import MEMBER
from loyalty.tables import member, name, profile

MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as a list shows them."""

    id: UUID
    external_id: str | None
    name: str | None
    email: str | None
    class_: str
    joined_at: datetime
    closed_at: datetime | None


async def newest_members(
    connection: AsyncConnection, *, limit: int, before: UUID | None = None
) -> Sequence[Entry]:
    """Return the members recorded last, from before the one named."""
    wanted = _ENTRIES.order_by(member.c.id.desc()).limit(min(limit, MOST_LISTED))
    if before is not None:
        wanted = wanted.where(member.c.id < before)
    return [_entry(row) for row in await connection.execute(wanted)]


async def entries_of(connection: AsyncConnection, members: Sequence[UUID]) -> Sequence[Entry]:
    """Return these members, in the order of their ids."""
    if not members:
        return ()
    wanted = _ENTRIES.where(member.c.id.in_(members)).order_by(member.c.id)
    return [_entry(row) for row in await connection.execute(wanted)]


async def entries_of_holders(
    connection: AsyncConnection, holders: Collection[UUID]
) -> Mapping[UUID, Entry]:
    """Return whose wallets these are, in one statement."""
    if not holders:
        return {}
    wanted = _ENTRIES.add_columns(member.c.holder).where(member.c.holder.in_(sorted(holders)))
    return {row.holder: _entry(row) for row in await connection.execute(wanted)}


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        id=row.id,
        external_id=row.external_id,
        name=row.name,
        email=row.email,
        class_=row.class_,
        joined_at=row.joined_at,
        closed_at=row.closed_at,
    )


_EXTERNAL: Final = (
    select(name.c.name)
    .where(name.c.kind == MEMBER, name.c.member == member.c.id)
    .order_by(name.c.name)
    .limit(1)
    .scalar_subquery()
)
_ENTRIES: Final = select(
    member.c.id,
    _EXTERNAL.label("external_id"),
    profile.c.name,
    profile.c.email,
    member.c.class_.label("class_"),
    member.c.joined_at,
    member.c.closed_at,
).outerjoin(profile, profile.c.member == member.c.id)
