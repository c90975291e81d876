"""One-time links: the only way to a first password, a new password, or the first seat."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause, staff_actor
from loyalty.changes import record_change
from loyalty.staff.errors import LinkUnusable
from loyalty.staff.people import add_person, find_person, person_of
from loyalty.staff.sessions import digest, end_sessions
from loyalty.staff.tables import staff, staff_link
from loyalty.staff.types import LINK_FOR, Invitation, OneTimeLink, Role


async def first_link(connection: AsyncConnection, *, cause: Cause) -> OneTimeLink | None:
    """Make a link to the first seat, or nothing when the console has people already.

    Links made before and not used are void: a start prints one link, and that one works.
    """
    if await _has_people(connection):
        return None
    await connection.execute(
        update(staff_link)
        .where(staff_link.c.staff.is_(None), staff_link.c.used_at.is_(None))
        .values(used_at=cause.at)
    )
    return await _make(connection, None, cause)


async def link_for(connection: AsyncConnection, person: UUID, *, cause: Cause) -> OneTimeLink:
    """Make a link with which the person sets a new password; earlier links of theirs are void."""
    found = await find_person(connection, person)
    if found.retired_at is not None:
        raise LinkUnusable
    await connection.execute(
        update(staff_link)
        .where(staff_link.c.staff == person, staff_link.c.used_at.is_(None))
        .values(used_at=cause.at)
    )
    await record_change(
        connection, cause, subject_kind="staff", subject=str(person), action="make-link"
    )
    return await _make(connection, person, cause)


async def read_link(connection: AsyncConnection, token: str, *, at: datetime) -> Invitation:
    """Return what a link opens; a used, expired or unknown link is refused alike."""
    found = await connection.execute(
        select(
            staff_link.c.staff.label("invited"),
            staff_link.c.expires_at,
            staff_link.c.used_at,
            staff,
        )
        .outerjoin(staff, staff.c.id == staff_link.c.staff)
        .where(staff_link.c.token_digest == digest(token))
    )
    row = found.one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= at:
        raise LinkUnusable
    if row.invited is None and await _has_people(connection):
        raise LinkUnusable
    return Invitation(None if row.invited is None else person_of(row), row.expires_at)


async def claim_seat(
    connection: AsyncConnection, token: str, *, password_hash: str, cause: Cause
) -> UUID:
    """Use a person's link: set the password, end their sessions; the link works once."""
    row = await _use(connection, token, cause.at)
    if row is None:
        raise LinkUnusable
    await _set_password(connection, row, password_hash, cause)
    return row


async def claim_first_seat(
    connection: AsyncConnection,
    token: str,
    *,
    email: str,
    name: str,
    password_hash: str,
    cause: Cause,
) -> UUID:
    """Use the first link: make the first person, with both roles; two who race make one."""
    await connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended('first-seat', 0))")
    )
    if await _has_people(connection):
        raise LinkUnusable
    if await _use(connection, token, cause.at) is not None:
        raise LinkUnusable
    person = await add_person(connection, email=email, name=name, roles=Role, cause=cause)
    await _set_password(connection, person, password_hash, cause)
    return person


async def _make(connection: AsyncConnection, person: UUID | None, cause: Cause) -> OneTimeLink:
    token, expires_at = secrets.token_urlsafe(24), cause.at + LINK_FOR
    await connection.execute(
        insert(staff_link).values(
            token_digest=digest(token),
            staff=person,
            created_at=cause.at,
            expires_at=expires_at,
            **cause.columns(),
        )
    )
    return OneTimeLink(token, person, expires_at)


async def _use(connection: AsyncConnection, token: str, at: datetime) -> UUID | None:
    """Mark a link used and return whose it is; of two who race, one gets it."""
    used = await connection.execute(
        update(staff_link)
        .where(
            staff_link.c.token_digest == digest(token),
            staff_link.c.used_at.is_(None),
            staff_link.c.expires_at > at,
        )
        .values(used_at=at)
        .returning(staff_link.c.staff)
    )
    row = used.one_or_none()
    if row is None:
        raise LinkUnusable
    whose: UUID | None = row.staff
    return whose


async def _set_password(
    connection: AsyncConnection, person: UUID, password_hash: str, cause: Cause
) -> None:
    await connection.execute(
        update(staff)
        .where(staff.c.id == person, staff.c.retired_at.is_(None))
        .values(password_hash=password_hash)
    )
    await end_sessions(connection, person)
    await record_change(
        connection,
        Cause(cause.at, staff_actor(person), cause.request_id),
        subject_kind="staff",
        subject=str(person),
        action="set-password",
    )


async def _has_people(connection: AsyncConnection) -> bool:
    found = await connection.execute(
        select(staff.c.id).where(staff.c.password_hash.is_not(None)).limit(1)
    )
    return found.one_or_none() is not None
