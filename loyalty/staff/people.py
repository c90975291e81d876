"""People of the console: invite, change roles, retire, and find them.

Every change names its cause in `loyalty.change`; the audit row carries ids and roles, never a
name or an address. The last person with the admin role stays.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id
from loyalty.staff.errors import (
    EmailMalformed,
    EmailTaken,
    LastAdmin,
    NameMissing,
    ReasonUnknown,
    RoleMissing,
    UnknownPerson,
)
from loyalty.staff.tables import staff, staff_link, staff_session
from loyalty.staff.types import Person, Role

LONGEST_EMAIL: Final = 254
LONGEST_NAME: Final = 100
MOST_PEOPLE: Final = 500

#: Why somebody leaves the console; the reason stays in the trail.
LEAVING: Final = ("left", "other-work", "risk")

_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def email_key(email: str) -> str:
    """Fold an address for comparison, or refuse it."""
    folded = email.strip().lower()
    if len(folded) > LONGEST_EMAIL or not _EMAIL.fullmatch(folded):
        raise EmailMalformed(pointer="/email")
    return folded


async def list_people(connection: AsyncConnection) -> tuple[Person, ...]:
    """Return everybody in the console, those who left last."""
    rows = await connection.execute(
        select(staff)
        .order_by(staff.c.retired_at.is_not(None), staff.c.created_at, staff.c.id)
        .limit(MOST_PEOPLE)
    )
    return tuple(person_of(row) for row in rows)


async def find_person(connection: AsyncConnection, person: UUID) -> Person:
    """Return one person of the console."""
    row = (await connection.execute(select(staff).where(staff.c.id == person))).one_or_none()
    if row is None:
        raise UnknownPerson
    return person_of(row)


async def add_person(
    connection: AsyncConnection, *, email: str, name: str, roles: Iterable[Role], cause: Cause
) -> UUID:
    """Name a new person; they have no password until they open their one-time link."""
    key, shown, wanted = email_key(email), _checked_name(name), _checked_roles(roles)
    taken = await connection.execute(select(staff.c.id).where(staff.c.email_key == key))
    if taken.one_or_none() is not None:
        raise EmailTaken(pointer="/email")
    person = new_id(cause.at)
    await connection.execute(
        insert(staff).values(
            id=person,
            email=email.strip(),
            email_key=key,
            name=shown,
            roles=wanted,
            created_at=cause.at,
            **cause.columns(),
        )
    )
    await record_change(
        connection,
        cause,
        subject_kind="staff",
        subject=str(person),
        action="invite",
        after={"roles": wanted},
    )
    return person


async def set_roles(
    connection: AsyncConnection, person: UUID, *, roles: Iterable[Role], cause: Cause
) -> None:
    """Give a person exactly these roles, at once for their open sessions too."""
    wanted = _checked_roles(roles)
    before = await _lock(connection, person)
    if Role.ADMIN in before.roles and Role.ADMIN not in wanted:
        await _another_admin(connection, person)
    await connection.execute(
        update(staff).where(staff.c.id == person).values(roles=wanted, **cause.columns())
    )
    await record_change(
        connection,
        cause,
        subject_kind="staff",
        subject=str(person),
        action="change-roles",
        before={"roles": sorted(before.roles)},
        after={"roles": wanted},
    )


async def retire(connection: AsyncConnection, person: UUID, *, reason: str, cause: Cause) -> None:
    """Let a person go, for a reason: sessions end, links die, what they did keeps their id."""
    if reason not in LEAVING:
        raise ReasonUnknown(seen=reason[:40], wanted=", ".join(LEAVING), pointer="/reason")
    before = await _lock(connection, person)
    if before.retired_at is not None:
        return
    if Role.ADMIN in before.roles:
        await _another_admin(connection, person)
    await connection.execute(
        update(staff)
        .where(staff.c.id == person)
        .values(retired_at=cause.at, password_hash=None, **cause.columns())
    )
    await connection.execute(staff_session.delete().where(staff_session.c.staff == person))
    await connection.execute(
        update(staff_link)
        .where(staff_link.c.staff == person, staff_link.c.used_at.is_(None))
        .values(used_at=cause.at)
    )
    await record_change(
        connection,
        cause,
        subject_kind="staff",
        subject=str(person),
        action="retire",
        before={"retired": False},
        after={"retired": True, "reason": reason},
    )


def person_of(row: Row[Any]) -> Person:
    """Read a person from a row that holds the columns of `staff`."""
    return Person(
        id=row.id,
        email=row.email,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        created_at=row.created_at,
        claimed=row.password_hash is not None,
        retired_at=row.retired_at,
    )


async def _lock(connection: AsyncConnection, person: UUID) -> Person:
    row = (
        await connection.execute(
            select(staff).where(staff.c.id == person).with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise UnknownPerson
    return person_of(row)


async def _another_admin(connection: AsyncConnection, person: UUID) -> None:
    """Lock the other people with the admin role, in id order, and refuse if there is none.

    A trigger (`loyalty.staff_keeps_an_admin`) refuses the same for any other way in.
    """
    others = await connection.execute(
        select(staff.c.id)
        .where(
            staff.c.id != person,
            staff.c.roles.contains([Role.ADMIN.value]),
            staff.c.retired_at.is_(None),
            staff.c.password_hash.is_not(None),
        )
        .order_by(staff.c.id)
        .with_for_update(key_share=True)
    )
    if not others.all():
        raise LastAdmin


def _checked_name(name: str) -> str:
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= LONGEST_NAME:
        raise NameMissing(pointer="/name")
    return shown


def _checked_roles(roles: Iterable[Role]) -> list[str]:
    wanted = sorted(role.value for role in set(roles))
    if not wanted:
        raise RoleMissing(pointer="/roles")
    return wanted
