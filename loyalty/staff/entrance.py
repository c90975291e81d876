"""Coming in: the steps of a sign-in and of a claim, around the slow work of hashing.

Hashing happens between two transactions, never inside one: an attempt is counted and committed
first, then the password is looked at, then the session starts.
"""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.staff.errors import EmailMalformed, WrongCredentials
from loyalty.staff.links import claim_first_seat, claim_seat, read_link
from loyalty.staff.passwords import Passwords, check_password
from loyalty.staff.people import email_key
from loyalty.staff.sessions import start_session
from loyalty.staff.tables import staff
from loyalty.staff.throttle import account_bucket, count_attempt, forget_attempts, network_bucket


async def sign_in(
    database: Database,
    passwords: Passwords,
    *,
    email: str,
    password: str,
    network: str,
    cause: Cause,
) -> str:
    """Return the token of a new session, or refuse without saying which half was wrong."""
    try:
        key = email_key(email)
    except EmailMalformed:
        key = ""
    account = account_bucket(key)

    async def count(connection: AsyncConnection) -> None:
        await count_attempt(
            connection, account=account, network=network_bucket(network), at=cause.at
        )

    await database.write(count)
    async with database.read() as connection:
        found = await connection.execute(
            select(staff.c.id, staff.c.password_hash).where(
                staff.c.email_key == key, staff.c.retired_at.is_(None)
            )
        )
        row = found.one_or_none()
    stored: str | None = None if row is None else row.password_hash
    if not await passwords.matches(stored, password) or row is None or stored is None:
        raise WrongCredentials
    renewed = await passwords.hash(password) if passwords.outdated(stored) else None

    async def start(connection: AsyncConnection) -> str:
        await forget_attempts(connection, account=account, at=cause.at)
        if renewed is not None:
            await connection.execute(
                update(staff)
                .where(staff.c.id == row.id, staff.c.password_hash == stored)
                .values(password_hash=renewed)
            )
        return await start_session(connection, row.id, at=cause.at)

    return await database.write(start)


async def claim(
    database: Database,
    passwords: Passwords,
    token: str,
    *,
    email: str,
    name: str,
    password: str,
    cause: Cause,
) -> str:
    """Use a one-time link and return the token of the session it starts.

    A link of a named person keeps that person's e-mail and name, whatever the form says.
    """
    async with database.read() as connection:
        invitation = await read_link(connection, token, at=cause.at)
    person = invitation.person
    check_password(password, email=email if person is None else person.email)
    if person is None:
        email_key(email)
    hashed = await passwords.hash(password)

    async def take(connection: AsyncConnection) -> str:
        if person is None:
            seat = await claim_first_seat(
                connection, token, email=email, name=name, password_hash=hashed, cause=cause
            )
        else:
            seat = await claim_seat(connection, token, password_hash=hashed, cause=cause)
        return await start_session(connection, seat, at=cause.at)

    return await database.write(take)
