"""The months that finance asks for, and by when what it reads was known."""

from datetime import UTC, date, datetime
from typing import Annotated, Final

from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.bodies import RequestInvalid
from api.schemas.types import Instant
from loyalty.policy import months_later, policy_at

_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2200, 1, 1)
_MOST_MONTHS: Final = 120

Day = Annotated[date, Meta(description="A day of the programme's calendar.")]


class RollForwardQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The months of [from, to), both first days of months; this month when left out."""

    from_: Day | None = None
    to: Day | None = None
    recorded_by: Instant | None = None


class SpanQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The months of [from, to), both first days of months; this month when left out."""

    from_: Day | None = None
    to: Day | None = None


async def months_asked(
    connection: AsyncConnection, query: RollForwardQuery | SpanQuery, now: datetime
) -> tuple[date, date]:
    """Return the first day of the span and the day after it."""
    this = (await policy_at(connection, now)).day_of(now).replace(day=1)
    since = this if query.from_ is None else first_day(query.from_, "from")
    until = months_later(this, 1) if query.to is None else first_day(query.to, "to")
    if not since < until <= months_later(since, _MOST_MONTHS):
        raise RequestInvalid(
            pointer="/query/to",
            seen=f"not within {_MOST_MONTHS} months after from",
            reason="out-of-range",
        )
    return since, until


def known_by_of(given: datetime | None, now: datetime) -> datetime:
    """Return by when it was known; now when left out."""
    if given is not None and not _OLDEST <= given <= now:
        raise RequestInvalid(
            pointer="/query/recorded_by", seen="not between 1970 and now", reason="out-of-range"
        )
    return given or now


def plausible(given: date | None, name: str) -> date | None:
    """Refuse a day that no programme lives in."""
    if given is not None and not _FIRST_DAY <= given <= _LAST_DAY:
        raise RequestInvalid(
            pointer=f"/query/{name}", seen="not between 1970 and 2200", reason="out-of-range"
        )
    return given


def first_day(given: date, name: str) -> date:
    """Refuse a day that is not the first of a month."""
    plausible(given, name)
    if given.day != 1:
        raise RequestInvalid(
            pointer=f"/query/{name}", seen="not the first day of a month", reason="not-a-month"
        )
    return given
