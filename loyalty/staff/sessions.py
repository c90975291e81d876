"""Sessions of the console: an opaque token in a cookie, its digest in the database."""

import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.staff.people import person_of
from loyalty.staff.tables import staff, staff_session
from loyalty.staff.types import IDLE_FOR, SEEN_EVERY, SESSION_FOR, Session


def digest(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return sha256(token.encode()).digest()


async def start_session(connection: AsyncConnection, person: UUID, *, at: datetime) -> str:
    """Start a session with a fresh token and clear away sessions that are over."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        delete(staff_session).where(
            (staff_session.c.ends_at <= at) | (staff_session.c.seen_at <= at - IDLE_FOR)
        )
    )
    await connection.execute(
        insert(staff_session).values(
            token_digest=digest(token),
            staff=person,
            started_at=at,
            seen_at=at,
            ends_at=at + SESSION_FOR,
        )
    )
    return token


async def find_session(connection: AsyncConnection, token: str, *, at: datetime) -> Session | None:
    """Return the living session of a token, with the person as they are now."""
    found = await connection.execute(
        select(staff, staff_session.c.started_at, staff_session.c.seen_at, staff_session.c.ends_at)
        .join(staff, staff.c.id == staff_session.c.staff)
        .where(staff_session.c.token_digest == digest(token))
    )
    row = found.one_or_none()
    if row is None:
        return None
    session = Session(person_of(row), row.started_at, row.seen_at, row.ends_at)
    return session if session.alive(at) else None


def is_stale(session: Session, *, at: datetime) -> bool:
    """Say whether the session should write that it was seen."""
    return at - session.seen_at >= SEEN_EVERY


async def mark_seen(connection: AsyncConnection, token: str, *, at: datetime) -> None:
    """Write that the session was used; never backwards."""
    await connection.execute(
        update(staff_session)
        .where(
            staff_session.c.token_digest == digest(token),
            staff_session.c.seen_at < at,
            staff_session.c.ends_at > at,
        )
        .values(seen_at=at)
    )


async def end_session(connection: AsyncConnection, token: str) -> None:
    """End one session; one that is over already stays so."""
    await connection.execute(
        delete(staff_session).where(staff_session.c.token_digest == digest(token))
    )


async def end_sessions(connection: AsyncConnection, person: UUID) -> None:
    """End every session of a person: after a new password, a change of roles, a retirement."""
    await connection.execute(delete(staff_session).where(staff_session.c.staff == person))
