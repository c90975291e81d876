"""The periods that limits count by: days, weeks, months and years of the programme's zone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loyalty.rewards.types import Every

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time; what counts for ever has no end."""

    starts_at: datetime
    ends_at: datetime | None


def period_of(every: Every, at: datetime, zone: ZoneInfo) -> Period:
    """Return the period that an instant lies in; weeks begin on Monday."""
    if every is Every.EVER:
        return Period(BEGINNING, None)
    first, after = _days(at.astimezone(zone).date(), every)
    return Period(_midnight(first, zone), _midnight(after, zone))


def periods_at(at: datetime, zone: ZoneInfo) -> Mapping[Every, Period]:
    """Return every period that an instant lies in."""
    return {every: period_of(every, at, zone) for every in Every}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _days(day: date, every: Every) -> tuple[date, date]:
    """The first day of the period and the first one after it."""
    match every:
        case Every.WEEK:
            first = day - timedelta(days=day.weekday())
            return first, first + timedelta(days=7)
        case Every.MONTH:
            first = day.replace(day=1)
            return first, _next_month(first)
        case Every.YEAR:
            return date(day.year, 1, 1), date(day.year + 1, 1, 1)
        case _:
            return day, day + timedelta(days=1)


def _next_month(first: date) -> date:
    if first.month == _DECEMBER:
        return date(first.year + 1, 1, 1)
    return first.replace(month=first.month + 1)
