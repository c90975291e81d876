"""The books of membership fees: month by month, and the charges that a figure is made of."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get
from msgspec import Meta, Struct

from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.months import Day, RollForwardQuery, first_day, known_by_of, months_asked
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.fees import FeeChargeOut, FeeRollForwardOut
from api.schemas.types import Instant
from api.writing import now_of, ok
from loyalty.fees import fee_roll_forward, fees_of_month
from loyalty.keys import Role

_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})

PlanCode = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,39}$", description="A plan.")]


class FeeChargesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which month, by its first day, of one plan or of all, and which page."""

    month: Day
    plan: PlanCode | None = None
    recorded_by: Instant | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@get(
    "/finance/fees/roll-forward",
    opt=operation(
        Operation(
            summary="Roll membership fees forward, month by month",
            tag="finance",
            roles=_READERS,
            query=RollForwardQuery,
            answers={200: FeeRollForwardOut},
        )
    ),
)
async def read_fee_roll_forward(request: ApiRequest) -> Response[bytes]:
    """Answer opening, what moved, and closing of each month, by plan and in all."""
    query, now = read_query(request, RollForwardQuery), now_of(request)
    known_by = known_by_of(query.recorded_by, now)
    async with application_of(request).database.snapshot() as connection:
        since, until = await months_asked(connection, query, now)
        rolled = await fee_roll_forward(connection, known_by=known_by, since=since, until=until)
    return ok(FeeRollForwardOut.of(rolled))


@get(
    "/finance/fees/charges",
    opt=operation(
        Operation(
            summary="List the charges that a month of fees is made of",
            tag="finance",
            roles=_READERS,
            query=FeeChargesQuery,
            answers={200: Page[FeeChargeOut]},
        )
    ),
)
async def list_fee_charges(request: ApiRequest) -> Response[bytes]:
    """Answer what each charge moved in the month, with its refunds; all add up to the month."""
    query, now = read_query(request, FeeChargesQuery), now_of(request)
    month = first_day(query.month, "month")
    list_ = f"fee charges {month} {query.plan} {query.recorded_by}"
    async with application_of(request).database.snapshot() as connection:
        found = await fees_of_month(
            connection,
            known_by=known_by_of(query.recorded_by, now),
            month=month,
            plan=query.plan,
            after=read_cursor(request, list_, query.after, UUID),
            limit=query.limit + 1,
        )
    page = found[: query.limit]
    next_ = None
    if len(found) > query.limit:
        next_ = sign_cursor(request, list_, str(page[-1].charge.id))
    return ok(Page([FeeChargeOut.of(month, told) for told in page], next_))


ROUTES: Final = (read_fee_roll_forward, list_fee_charges)
