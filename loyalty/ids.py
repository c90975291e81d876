"""Identifiers: UUID v7 inside, a prefix and 26 letters outside.

They are minted here and never by the database, so that PostgreSQL 15 is enough and a caller knows
the id before it writes. What is shown is Crockford's base32 in lower case: no letter that is taken
for a digit, and sorting the text sorts by time.
"""

import time
from datetime import UTC, datetime
from os import urandom
from uuid import UUID

from loyalty.errors import LoyaltyError

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_BITS = 5
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_PLACES = tuple(range(_BITS * (LENGTH - 2), -1, -2 * _BITS))
"""How far each two letters stand from the right, in bits, from the left on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MalformedId(LoyaltyError):
    """An id of this kind reads {wanted}_ and 26 letters or digits, not "{seen}"."""

    code = "malformed-id"
    wanted: str
    seen: str


def new_id(at: datetime | None = None) -> UUID:
    """Mint a UUID v7 that sorts by the instant given, or by now.

    Twelve bits behind the millisecond carry its fraction, so ids of one process hardly ever run
    backwards; the other 62 bits are random.
    """
    if at is None:
        microseconds = time.time_ns() // 1_000
    else:
        since = at - _EPOCH
        microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    milliseconds, rest = divmod(microseconds, 1_000)
    fraction = (rest << 12) // 1_000
    value = (
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | fraction << 64
        | 0b10 << 62
        | int.from_bytes(urandom(8)) >> 2
    )
    return UUID(int=value)


def show(prefix: str, identifier: UUID) -> str:
    """Write an id the way people and clients see it: ``mem_01jd…``."""
    value = identifier.int
    pairs = [_PAIRS[value >> place & 1023] for place in _PLACES]
    return f"{prefix}_{''.join(pairs)}"


def read(prefix: str, text: str) -> UUID:
    """Read what `show` wrote, in either case; anything else is `MalformedId`."""
    seen_prefix, _, letters = text.partition("_")
    value = 0
    for letter in letters.lower():
        if letter not in _VALUES:
            break
        value = value << _BITS | _VALUES[letter]
    else:
        if seen_prefix == prefix and len(letters) == LENGTH and value < 1 << 128:
            return UUID(int=value)
    raise MalformedId(wanted=prefix, seen=text[:64])
