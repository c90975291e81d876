"""Slowing down guesses: every attempt is counted before the password is looked at.

An account has a few tries, a network more; then each further one must wait twice as long, a
quarter of an hour at most. Success forgets the account's tries. What is stored is a digest.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.staff.errors import TooManyAttempts
from loyalty.staff.tables import staff_attempt

TRIES_PER_ACCOUNT: Final = 5
TRIES_PER_NETWORK: Final = 40
FORGOTTEN_AFTER: Final = timedelta(hours=1)

_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_DOUBLINGS: Final = 5
_KEPT_FOR: Final = timedelta(days=1)


def account_bucket(email_key: str) -> bytes:
    """Name the account's counter without naming the account."""
    return sha256(b"account:" + email_key.encode()).digest()


def network_bucket(address: str) -> bytes:
    """Name the network's counter: the address, or the /64 of an IPv6 address."""
    if ":" in address:
        address = ":".join(address.split(":")[:4])
    return sha256(b"network:" + address.encode()).digest()


def wait_after(attempts: int, *, allowed: int) -> timedelta:
    """Return how long the next attempt must wait after this many."""
    beyond = attempts - allowed
    if beyond < 0:
        return timedelta(0)
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(beyond, _DOUBLINGS)))


async def count_attempt(
    connection: AsyncConnection, *, account: bytes, network: bytes, at: datetime
) -> None:
    """Count one attempt on both counters, or refuse it and count nothing."""
    allowances = {account: TRIES_PER_ACCOUNT, network: TRIES_PER_NETWORK}
    for bucket in sorted(allowances):
        seen = await _lock(connection, bucket, at)
        attempts = seen + 1
        await connection.execute(
            update(staff_attempt)
            .where(staff_attempt.c.bucket == bucket)
            .values(
                attempts=attempts,
                last_at=at,
                free_at=at + wait_after(attempts, allowed=allowances[bucket]),
            )
        )


async def forget_attempts(connection: AsyncConnection, *, account: bytes, at: datetime) -> None:
    """Forget the account's tries after a success, and what nobody needs any more."""
    await connection.execute(
        delete(staff_attempt).where(
            (staff_attempt.c.bucket == account) | (staff_attempt.c.last_at < at - _KEPT_FOR)
        )
    )


async def _lock(connection: AsyncConnection, bucket: bytes, at: datetime) -> int:
    """Lock one counter and return its attempts, or raise while it must wait."""
    made = await connection.execute(
        insert(staff_attempt)
        .values(bucket=bucket, attempts=1, last_at=at, free_at=at)
        .on_conflict_do_nothing()
        .returning(staff_attempt.c.bucket)
    )
    if made.one_or_none() is not None:
        return 0
    row = (
        await connection.execute(
            select(staff_attempt.c.attempts, staff_attempt.c.last_at, staff_attempt.c.free_at)
            .where(staff_attempt.c.bucket == bucket)
            .with_for_update(key_share=True)
        )
    ).one()
    if row.free_at > at:
        raise TooManyAttempts(wait_seconds=max(1, -(-(row.free_at - at) // timedelta(seconds=1))))
    return 0 if row.last_at < at - FORGOTTEN_AFTER else row.attempts
