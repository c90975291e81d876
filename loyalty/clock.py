"""The one clock: the database's.

A process measures how far the database's clock is from its own steady one, now and then, and adds
what has passed since; jumps of the host's wall clock are not seen. Business code never reads it:
the edge does, once, and hands the instant down as `at`.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.errors import LoyaltyError

SAMPLES: Final = 3
_NOTHING: Final = timedelta(0)


class ClockNotMeasured(LoyaltyError):
    """The database's clock has not been read yet, so no instant can be told."""

    code = "clock-not-measured"


class ClockMayNotFollow(LoyaltyError):
    """The clock follows a test clock only when Stripe's double answers on this machine."""

    code = "clock-may-not-follow"


@dataclass(frozen=True, slots=True)
class Measurement:
    """How far the database's clock is ahead of this machine's, and how sure that is."""

    ahead: timedelta
    round_trip: timedelta


class Clock:
    """Tells the database's time without asking it each time."""

    def __init__(self, *, may_follow: bool = False) -> None:
        """Begin unmeasured; only a process beside the Stripe double may follow a test clock."""
        self._may_follow = may_follow
        self._database_at: datetime | None = None
        self._steady_at = 0
        self._told: datetime | None = None
        self._following = _NOTHING

    def now(self) -> datetime:
        """The instant, in UTC; it never runs backwards within a process."""
        if self._database_at is None:
            raise ClockNotMeasured
        passed = timedelta(microseconds=(time.monotonic_ns() - self._steady_at) // 1_000)
        instant = self._database_at + passed + self._following
        if self._told is not None and instant < self._told:
            return self._told
        self._told = instant
        return instant

    async def measure(self, connection: AsyncConnection) -> Measurement:
        """Read the database's clock; the quickest of a few readings counts."""
        return await connection.run_sync(self._measure)

    @property
    def following(self) -> timedelta:
        """How far a test clock is followed."""
        return self._following

    def follow(self, offset: timedelta) -> None:
        """Add what the double's test clock is ahead; refused unless the double is on loopback."""
        if not self._may_follow:
            raise ClockMayNotFollow
        self._following = offset
        self._told = None

    def _measure(self, connection: Connection) -> Measurement:
        best: tuple[int, int, datetime, datetime] | None = None
        for _ in range(SAMPLES):
            begun = time.monotonic_ns()
            read: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            took = time.monotonic_ns() - begun
            here = datetime.fromtimestamp(time.time(), UTC)
            if best is None or took < best[0]:
                best = (took, begun + took // 2, read.astimezone(UTC), here)
        if best is None:
            raise ClockNotMeasured
        took, self._steady_at, self._database_at, here = best
        trip = timedelta(microseconds=took // 1_000)
        return Measurement(ahead=self._database_at + trip / 2 - here, round_trip=trip)
