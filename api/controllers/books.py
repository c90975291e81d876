"""What finance reads of the books month by month: roll-forward, what figures are made of, ages."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from api.auth import ApiRequest, application_of
from api.bodies import RequestInvalid, read_query
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.books import AgeingOut, BookedEntryOut, DebtOut, RollForwardOut
from api.schemas.types import Instant
from api.writing import now_of, ok
from ledger import Breakdown, Component, Kind
from loyalty.keys import Role
from loyalty.members.listing import entries_of_holders
from loyalty.policy import months_later, policy_at

_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})
_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2200, 1, 1)
_MOST_MONTHS: Final = 120
_REFUSALS: Final = ("unanswerable-instant", "recorded-in-future", "unknown-asset")

Day = Annotated[date, Meta(description="A day of the programme's calendar.")]
Asset = Annotated[str, Meta(min_length=1, max_length=64, description="What is counted.")]
BirthClass = Annotated[
    str,
    Meta(
        pattern="^(|sale|fee|promotion|goodwill|partner)$",
        description="A class of lots; empty for debt, which has none.",
    ),
]
Tier = Annotated[str, Meta(max_length=64, description="A tier; empty for none.")]


class MonthsQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The months that begin in [from, to); this month when left out."""

    from_: Day | None = None
    to: Day | None = None
    by: Breakdown = Breakdown.NONE
    recorded_by: Instant | None = None
    asset: Asset = ledger.POINTS


class FigureQuery(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from", "lot_class": "class"}
):
    """Which figure of the roll-forward, latest effective first; days in [from, to)."""

    component: Component
    from_: Day
    to: Day
    lot_class: BirthClass | None = None
    tier: Tier | None = None
    kind: Kind | None = None
    asset: Asset = ledger.POINTS
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


class AsOfQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """As of when, and of what was recorded by when; now when left out."""

    at: Instant | None = None
    recorded_by: Instant | None = None
    asset: Asset = ledger.POINTS


class DebtsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """As of when, of what was recorded by when, and which page."""

    at: Instant | None = None
    recorded_by: Instant | None = None
    asset: Asset = ledger.POINTS
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@get(
    "/finance/roll-forward",
    opt=operation(
        Operation(
            summary="Roll the points forward, month by month",
            tag="finance",
            roles=_READERS,
            query=MonthsQuery,
            answers={200: RollForwardOut},
            refusals=_REFUSALS,
        )
    ),
)
async def read_roll_forward(request: ApiRequest) -> Response[bytes]:
    """Answer opening, what moved, and closing of each month, in all and by birth."""
    query, now = read_query(request, MonthsQuery), now_of(request)
    async with application_of(request).database.snapshot() as connection:
        since, until = await _months(connection, query, now)
        rolled = await ledger.roll_forward(
            connection,
            since=since,
            until=until,
            at=now,
            by=query.by,
            recorded_by=query.recorded_by,
            asset=query.asset,
        )
    return ok(RollForwardOut.of(rolled))


@get(
    "/finance/roll-forward/entries",
    opt=operation(
        Operation(
            summary="List the journals that a figure is made of",
            tag="finance",
            roles=_READERS,
            query=FigureQuery,
            answers={200: Page[BookedEntryOut]},
        )
    ),
)
async def list_figure_entries(request: ApiRequest) -> Response[bytes]:
    """Answer the journals booked on these days behind one component, down to member and order."""
    query = read_query(request, FigureQuery)
    since, until = _day(query.from_, "from"), _day(query.to, "to")
    list_ = f"figure {query.component} {since} {until} {query.lot_class} {query.tier} {query.kind}"
    async with application_of(request).database.snapshot() as connection:
        found = await ledger.booked_entries(
            connection,
            query.component,
            since=since,
            until=until,
            lot_class=query.lot_class,
            tier=query.tier,
            kind=query.kind,
            asset=query.asset,
            before=read_cursor(request, list_, query.after, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
        page = found[: query.limit]
        whose = await entries_of_holders(connection, {entry.holder for entry in page})
    next_ = None
    if len(found) > query.limit:
        last = page[-1]
        next_ = sign_cursor(request, list_, [last.effective_at.isoformat(), str(last.journal)])
    return ok(Page([BookedEntryOut.of(one, whose.get(one.holder)) for one in page], next_))


@get(
    "/finance/ageing",
    opt=operation(
        Operation(
            summary="Read the age of what is outstanding",
            tag="finance",
            roles=_READERS,
            query=AsOfQuery,
            answers={200: AgeingOut},
            refusals=_REFUSALS,
        )
    ),
)
async def read_ageing(request: ApiRequest) -> Response[bytes]:
    """Answer what is left of lots by age, class and tier; it adds up to the trial balance."""
    query, now = read_query(request, AsOfQuery), now_of(request)
    async with application_of(request).database.snapshot() as connection:
        aged = await ledger.ageing(
            connection,
            at=_past(query.at, now),
            asset=query.asset,
            recorded_by=query.recorded_by,
            now=now,
        )
    return ok(AgeingOut.of(aged))


@get(
    "/finance/debts",
    opt=operation(
        Operation(
            summary="List members in debt",
            tag="finance",
            roles=_READERS,
            query=DebtsQuery,
            answers={200: Page[DebtOut]},
            refusals=_REFUSALS,
        )
    ),
)
async def list_debts(request: ApiRequest) -> Response[bytes]:
    """Answer who owes how much, and since when."""
    query, now = read_query(request, DebtsQuery), now_of(request)
    at = _past(query.at, now)
    list_ = f"debts {query.at} {query.recorded_by} {query.asset}"
    async with application_of(request).database.snapshot() as connection:
        found = await ledger.debts(
            connection,
            at=at,
            asset=query.asset,
            recorded_by=query.recorded_by,
            now=now,
            after=read_cursor(request, list_, query.after, UUID),
            limit=query.limit + 1,
        )
        page = found[: query.limit]
        whose = await entries_of_holders(connection, {debt.holder for debt in page})
    more = len(found) > query.limit
    next_ = sign_cursor(request, list_, str(page[-1].holder)) if more else None
    return ok(Page([DebtOut.of(debt, whose.get(debt.holder)) for debt in page], next_))


async def _months(
    connection: AsyncConnection, query: MonthsQuery, now: datetime
) -> tuple[date, date]:
    this_month = (await policy_at(connection, now)).day_of(now).replace(day=1)
    since = this_month if query.from_ is None else _day(query.from_, "from")
    until = months_later(this_month, 1) if query.to is None else _day(query.to, "to")
    if not since < until <= months_later(since, _MOST_MONTHS) + timedelta(days=31):
        raise RequestInvalid(
            pointer="/query/to",
            seen=f"not within {_MOST_MONTHS} months after from",
            reason="out-of-range",
        )
    return since, until


def _day(given: date, name: str) -> date:
    if not _FIRST_DAY <= given <= _LAST_DAY:
        raise RequestInvalid(
            pointer=f"/query/{name}", seen="not between 1970 and 2200", reason="out-of-range"
        )
    return given


def _past(given: datetime | None, now: datetime) -> datetime:
    if given is not None and not _OLDEST <= given <= now:
        raise RequestInvalid(
            pointer="/query/at", seen="not between 1970 and now", reason="out-of-range"
        )
    return given or now


ROUTES: Final = (read_roll_forward, list_figure_entries, read_ageing, list_debts)
