"""Names unique in the whole programme: taken once, resolved to a member and a thing.

The kinds in use are `member`, `order` and `reward-order` (the shop's ids), `email` and `phone` (the
forms they are looked up by), `holder`, `voucher`, and `membership`, `membership-charge` and
`membership-refund` (the references of whoever charges). A name is the only member-related row that
does not lead with the member, so that it can be unique without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.tables import name

MEMBER: Final = "member"
ORDER: Final = "order"
EMAIL: Final = "email"
PHONE: Final = "phone"
HOLDER: Final = "holder"
VOUCHER: Final = "voucher"
REWARD_ORDER: Final = "reward-order"


@dataclass(frozen=True, slots=True)
class Name:
    """A name and what it stands for; a guest's order has no member."""

    kind: str
    name: str
    member: UUID | None
    id: UUID


async def take_names(connection: AsyncConnection, names: Sequence[Name]) -> Sequence[Name]:
    """Take every name that is free and return those that were not.

    Waits for a concurrent transaction that is taking the same name; names are taken in order, so
    that two such transactions cannot wait for each other.
    """
    if not names:
        return ()
    ordered = sorted(names, key=lambda taken: (taken.kind, taken.name))
    rows = [
        {"kind": taken.kind, "name": taken.name, "member": taken.member, "id": taken.id}
        for taken in ordered
    ]
    written = await connection.execute(
        insert(name)
        .values(rows)
        .on_conflict_do_nothing(constraint="name_is_taken_once")
        .returning(name.c.kind, name.c.name)
    )
    free = {(row.kind, row.name) for row in written}
    return [taken for taken in ordered if (taken.kind, taken.name) not in free]


async def find_name(connection: AsyncConnection, kind: str, text: str) -> Name | None:
    """Return what the name stands for."""
    row = (
        await connection.execute(select(name).where(name.c.kind == kind, name.c.name == text))
    ).one_or_none()
    return None if row is None else Name(row.kind, row.name, row.member, row.id)


async def names_of(connection: AsyncConnection, member: UUID, kind: str) -> Sequence[str]:
    """Return a member's names of one kind, in order."""
    rows = await connection.execute(
        select(name.c.name)
        .where(name.c.member == member, name.c.kind == kind)
        .order_by(name.c.name)
        .limit(1_000)
    )
    return [row.name for row in rows]


async def give_back(connection: AsyncConnection, names: Sequence[Name]) -> None:
    """Free names that their member no longer has."""
    if names:
        await connection.execute(
            delete(name).where(
                tuple_(name.c.kind, name.c.name).in_([(n.kind, n.name) for n in names])
            )
        )
