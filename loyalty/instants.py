"""Instants that a shop tells us: its clock may run a little ahead of ours. Pure.

What is told as to come, but not by more than clocks may differ, happened now; what lies further
ahead is refused by whoever asks. So nothing is ever recorded in the future.
"""

from datetime import datetime, timedelta
from typing import Final

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By how much a shop's clock may be ahead of the database's."""


def taken_at(told: datetime | None, *, now: datetime) -> datetime:
    """Return when something happened: as told, and now where nothing is or a clock runs ahead."""
    if told is None or now < told <= now + CLOCK_TOLERANCE:
        return now
    return told


def tells(told: datetime, recorded: datetime) -> bool:
    """Whether what was told may have been recorded so: it was taken as now by a clock behind it."""
    return recorded <= told <= recorded + CLOCK_TOLERANCE
