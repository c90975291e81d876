"""Passwords: what is accepted, and argon2id off the event loop.

Hashing takes 64 MiB and tens of milliseconds on purpose, so it runs in threads, two at a time:
a burst of sign-ins queues here instead of taking the machine.
"""

import asyncio
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from loyalty.staff.errors import PasswordGuessable, PasswordTooLong, PasswordTooShort

SHORTEST: Final = 12
LONGEST: Final = 256

_hasher: Final = PasswordHasher()
_AT_ONCE: Final = 2

#: A hash of nothing anybody knows: an unknown e-mail costs the same time as a wrong password.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$sOUThsuPYUdYnEwZ9wTytg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


class Passwords:
    """Hashes and verifies, never more than two at once in this process."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return the argon2id hash of an acceptable password."""
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, _normal(password))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Say whether the password is right; without a hash, take the time and say no."""
        async with self._turns:
            right = await asyncio.to_thread(_verify, password_hash or _NOBODY, _normal(password))
        return right and password_hash is not None

    @staticmethod
    def outdated(password_hash: str) -> bool:
        """Say whether the hash was made with other parameters than today's."""
        return _hasher.check_needs_rehash(password_hash)


def check_password(password: str, *, email: str) -> None:
    """Refuse a password that is too short, too long, or the first thing one would try."""
    seen = len(_normal(password))
    if seen < SHORTEST:
        raise PasswordTooShort(wanted=SHORTEST, seen=seen, pointer="/password")
    if seen > LONGEST:
        raise PasswordTooLong(wanted=LONGEST, seen=seen, pointer="/password")
    if len(set(password)) == 1 or password.casefold() == email.casefold():
        raise PasswordGuessable(pointer="/password")


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
