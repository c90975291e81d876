"""The money side of points: what finance signs, and what is deferred, recognised and released."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.months import Day, RollForwardQuery, known_by_of, months_asked, plausible
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, PageQuery, read_cursor, sign_cursor
from api.schemas.books import month_of
from api.schemas.money import (
    CohortLotOut,
    CohortOut,
    CohortsOut,
    EstimateBody,
    EstimateOut,
    MoneyRollForwardOut,
)
from api.schemas.types import Instant
from api.writing import answer, cause_of, now_of, ok, write
from ledger import LotClass
from loyalty.books import (
    UnknownCohort,
    breakage,
    list_estimates,
    lots_of_cohort,
    money_roll_forward,
    sign_estimate,
)
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.policy import policy_at

_FINANCE: Final[frozenset[Role]] = frozenset({"finance"})
_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})


class CohortsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """At the end of which day; today when left out."""

    on: Day | None = None
    recorded_by: Instant | None = None


class LotsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which lots of the cohort, the oldest first."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@post(
    "/finance/estimates",
    opt=operation(
        Operation(
            summary="Sign how much is expected to be redeemed",
            tag="finance",
            roles=_FINANCE,
            key="required",
            body=EstimateBody,
            answers={201: EstimateOut},
            refusals=(
                "estimate-malformed",
                "estimate-class-unfit",
                "estimate-below-redeemed",
                "estimate-above-issued",
                "estimate-backdated",
                "estimate-in-future",
                "unknown-cohort",
                "cohort-ended",
            ),
            example={
                "class": "sale",
                "issued_in": "2026-01",
                "method": "cohort-curve",
                "reason": "yearly-review",
                "percent": "95.00",
            },
        )
    ),
)
async def create_estimate(request: ApiRequest) -> Response[bytes]:
    """Sign an estimate; it replaces an earlier one from its day on and is never edited."""
    body = await body_of(request, EstimateBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        signed = await sign_estimate(connection, cause, body.signing())
        return answer(201, EstimateOut.of(signed))

    return await write(request, None, work)


@get(
    "/finance/estimates",
    opt=operation(
        Operation(
            summary="List what was signed",
            tag="finance",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[EstimateOut]},
        )
    ),
)
async def read_estimates(request: ApiRequest) -> Response[bytes]:
    """Answer the estimates, newest first."""
    query = read_query(request, PageQuery)
    async with application_of(request).database.read() as connection:
        found = await list_estimates(
            connection,
            limit=query.limit + 1,
            before=read_cursor(request, "estimates", query.after, int),
        )
    page = found[: query.limit]
    next_ = None
    if len(found) > query.limit:
        next_ = sign_cursor(request, "estimates", page[-1].version)
    return ok(Page([EstimateOut.of(signed) for signed in page], next_))


@get(
    "/finance/money/roll-forward",
    opt=operation(
        Operation(
            summary="Roll the money side forward, month by month",
            tag="finance",
            roles=_READERS,
            query=RollForwardQuery,
            answers={200: MoneyRollForwardOut},
        )
    ),
)
async def read_money_roll_forward(request: ApiRequest) -> Response[bytes]:
    """Answer every class from opening to closing; liability is deferred revenue only."""
    query, now = read_query(request, RollForwardQuery), now_of(request)
    known_by = known_by_of(query.recorded_by, now)
    async with application_of(request).database.snapshot() as connection:
        since, until = await months_asked(connection, query, now)
        rolled = await money_roll_forward(connection, known_by=known_by, since=since, until=until)
    return ok(MoneyRollForwardOut.of(rolled))


@get(
    "/finance/money/cohorts",
    opt=operation(
        Operation(
            summary="Read every cohort and its breakage",
            tag="finance",
            roles=_READERS,
            query=CohortsQuery,
            answers={200: CohortsOut},
        )
    ),
)
async def read_money_cohorts(request: ApiRequest) -> Response[bytes]:
    """Answer points issued, used, lapsed and outstanding, and the money that stands behind them."""
    query, now = read_query(request, CohortsQuery), now_of(request)
    known_by = known_by_of(query.recorded_by, now)
    async with application_of(request).database.snapshot() as connection:
        on = plausible(query.on, "on") or (await policy_at(connection, now)).day_of(now)
        found = await breakage(connection, known_by=known_by, on=on)
    return ok(CohortsOut(on, [CohortOut.of(cohort) for cohort in found]))


@get(
    "/finance/money/cohorts/{lot_class:str}/{month:str}/lots",
    opt=operation(
        Operation(
            summary="List the lots of a cohort with their orders",
            tag="finance",
            roles=_READERS,
            query=LotsQuery,
            answers={200: Page[CohortLotOut]},
            refusals=("unknown-cohort",),
            parameters={
                "lot_class": "The class of the lots, such as sale.",
                "month": "The month they were earned in, such as 2026-01.",
            },
        )
    ),
)
async def list_cohort_lots(request: ApiRequest) -> Response[bytes]:
    """Answer the lots, oldest first, each with the order that earned it."""
    query, now = read_query(request, LotsQuery), now_of(request)
    lot_class, month = _cohort(request)
    list_ = f"cohort {lot_class} {month}"
    async with application_of(request).database.read() as connection:
        found = await lots_of_cohort(
            connection,
            lot_class=lot_class,
            issued_in=month,
            known_by=now,
            after=read_cursor(request, list_, query.after, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = found[: query.limit]
    next_ = None
    if len(found) > query.limit:
        last = page[-1].lot
        next_ = sign_cursor(request, list_, [last.earned_at.isoformat(), str(last.id)])
    return ok(Page([CohortLotOut.of(one) for one in page], next_))


def _cohort(request: ApiRequest) -> tuple[LotClass, date]:
    kind, month = str(request.path_params["lot_class"]), str(request.path_params["month"])
    try:
        return LotClass(kind), month_of(month)
    except ValueError:
        raise UnknownCohort(lot_class=kind[:80], seen=month[:80]) from None


ROUTES: Final = (
    create_estimate,
    read_estimates,
    read_money_roll_forward,
    read_money_cohorts,
    list_cohort_lots,
)
