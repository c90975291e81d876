"""When points lapse, as data: after a time, at the end of a period, on a day, or with inactivity.

Pure: days in, days out. A day becomes an instant only in `end_of`: points live through their last
day and lapse at the midnight after it, in the programme's time zone, on whatever clock that is.
"""

from calendar import monthrange
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

MONTHS_OF_YEAR: Final = 12
MONTHS_OF_QUARTER: Final = 3


class ExpiryKind(StrEnum):
    """What ends the life of points."""

    NEVER = "never"
    AFTER_DAYS = "after-days"
    AFTER_MONTHS = "after-months"
    END_OF_MONTH = "end-of-month"
    END_OF_QUARTER = "end-of-quarter"
    END_OF_YEAR = "end-of-year"
    FIXED_DAY = "fixed-day"
    ROLLING = "rolling"


class Activity(StrEnum):
    """What may keep points that expire with inactivity alive."""

    PURCHASE = "purchase"  # a shipment of an order was completed
    EARN = "earn"  # an order earned points
    SPEND = "spend"  # points were spent on an order
    ADJUSTMENT = "adjustment"  # points were given or taken by hand


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long points of one source live.

    `count` is a number of days, months, quarters, years or turns, as the kind says; `month` and
    `day` name the day of the year of a fixed day. With `notice` points do not lapse before their
    owner was told in good time.
    """

    kind: ExpiryKind
    count: int = 0
    month: int = 0
    day: int = 0
    notice: bool = False

    @property
    def schedule(self) -> str | None:
        """The name under which activity moves the end of such points; None when it does not."""
        return schedule_of(self.count) if self.kind is ExpiryKind.ROLLING else None


NEVER: Final = Expiry(ExpiryKind.NEVER)


@dataclass(frozen=True, slots=True)
class Expiries:
    """What a policy says of expiry: for every source, unless one has its own.

    Without `by_time` the mere passing of time ends nothing; inactivity still does.
    """

    default: Expiry
    sources: Mapping[str, Expiry] = field(default_factory=dict)
    by_time: bool = True
    activities: frozenset[Activity] = frozenset()

    def of(self, source: str) -> Expiry:
        """Return what counts for points of a source."""
        found = self.sources.get(source, self.default)
        if self.by_time or found.kind in (ExpiryKind.ROLLING, ExpiryKind.NEVER):
            return found
        return NEVER

    def rolling_months(self) -> frozenset[int]:
        """Return after how many months of inactivity points lapse, of every source."""
        every = (self.default, *self.sources.values())
        return frozenset(one.count for one in every if one.kind is ExpiryKind.ROLLING)


@dataclass(frozen=True, slots=True)
class Term:
    """What a lot is born with: its end, the schedule that moves it, and whether notice is due."""

    expires_at: datetime | None = None
    schedule: str | None = None
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Roll:
    """What an activity does: lots of a schedule live until then, unless they live longer."""

    schedule: str
    expires_at: datetime


def schedule_of(months: int) -> str:
    """Name the schedule of points that lapse after so many months of inactivity."""
    return f"rolling-{months}"


def term_of(expiry: Expiry, day: date, zone: ZoneInfo) -> Term:
    """Return what a lot is born with on a business day."""
    last = last_day(expiry, day)
    if last is None:
        return Term()
    return Term(end_of(last, zone), expiry.schedule, expiry.notice)


def rolls_of(months: Collection[int], day: date, zone: ZoneInfo) -> list[Roll]:
    """Return what an activity on a business day does to points under each of these schedules."""
    return [
        Roll(schedule_of(count), end_of(months_later(day, count), zone)) for count in sorted(months)
    ]


def last_day(expiry: Expiry, day: date) -> date | None:
    """Return the last day of points earned, or for rolling points last active, on a day."""
    if expiry.kind is ExpiryKind.NEVER:
        return None
    return _LAST_DAYS[expiry.kind](expiry, day)


@lru_cache(maxsize=4096)
def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day if it is shorter."""
    years, month = divmod(day.month - 1 + months, MONTHS_OF_YEAR)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4096)
def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day is over; history asks for the same days again and again."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _after_days(expiry: Expiry, day: date) -> date:
    return day + timedelta(days=expiry.count)


def _after_months(expiry: Expiry, day: date) -> date:
    return months_later(day, expiry.count)


def _end_of_month(expiry: Expiry, day: date) -> date:
    return _last_of_month(day.year, day.month + expiry.count)


def _end_of_quarter(expiry: Expiry, day: date) -> date:
    quarter = (day.month - 1) // MONTHS_OF_QUARTER + 1 + expiry.count
    return _last_of_month(day.year, quarter * MONTHS_OF_QUARTER)


def _end_of_year(expiry: Expiry, day: date) -> date:
    return _last_of_month(day.year + expiry.count, MONTHS_OF_YEAR)


def _turn(expiry: Expiry, day: date) -> date:
    """The fixed day, so many turns after a day; the day itself is not counted."""
    first = _day_of_year(day.year, expiry)
    years = expiry.count if first <= day else expiry.count - 1
    return _day_of_year(day.year + years, expiry)


def _day_of_year(year: int, expiry: Expiry) -> date:
    """The day in a year; 29 February is kept on the 28th in common years."""
    return date(year, expiry.month, min(expiry.day, monthrange(year, expiry.month)[1]))


def _last_of_month(year: int, month: int) -> date:
    """The last day of a month, counted on from January of a year."""
    years, index = divmod(month - 1, MONTHS_OF_YEAR)
    return date(year + years, index + 1, monthrange(year + years, index + 1)[1])


_LAST_DAYS: Final[Mapping[ExpiryKind, Callable[[Expiry, date], date]]] = MappingProxyType(
    {
        ExpiryKind.AFTER_DAYS: _after_days,
        ExpiryKind.AFTER_MONTHS: _after_months,
        ExpiryKind.END_OF_MONTH: _end_of_month,
        ExpiryKind.END_OF_QUARTER: _end_of_quarter,
        ExpiryKind.END_OF_YEAR: _end_of_year,
        ExpiryKind.FIXED_DAY: _turn,
        ExpiryKind.ROLLING: _after_months,
    }
)
