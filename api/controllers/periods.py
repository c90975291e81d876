"""The months of the books: which are open, closing one, and the proofs that were made."""

from datetime import date
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from api.auth import ApiRequest, application_of
from api.bodies import read_query
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.books import PeriodOut, PeriodsOut, VerificationOut, month_of
from api.writing import answer, cause_of, now_of, ok, write
from ledger import PeriodState
from loyalty.books.periods import close_period, find_period, list_periods
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.verification import list_verifications

_FINANCE: Final[frozenset[Role]] = frozenset({"finance"})
_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})
_MONTH: Final = {"month": "A month of the books, such as 2026-01."}


@get(
    "/finance/periods",
    opt=operation(
        Operation(
            summary="List the months of the books",
            tag="finance",
            roles=_READERS,
            answers={200: PeriodsOut},
        )
    ),
)
async def read_periods(request: ApiRequest) -> Response[bytes]:
    """Answer every month up to now, newest first: open, closing or closed."""
    async with application_of(request).database.snapshot() as connection:
        found = await list_periods(connection, at=now_of(request))
    return ok(PeriodsOut([PeriodOut.of(status) for status in found]))


@get(
    "/finance/periods/{month:str}",
    opt=operation(
        Operation(
            summary="Read a month of the books",
            tag="finance",
            roles=_READERS,
            answers={200: PeriodOut},
            refusals=("period-unknown",),
            parameters=_MONTH,
        )
    ),
)
async def read_period(request: ApiRequest) -> Response[bytes]:
    """Answer one month, and while it is closing what stands in the way."""
    month = _month(request)
    async with application_of(request).database.snapshot() as connection:
        return ok(PeriodOut.of(await find_period(connection, month)))


@post(
    "/finance/periods/{month:str}/close",
    opt=operation(
        Operation(
            summary="Close a month of the books",
            tag="finance",
            roles=_FINANCE,
            key="required",
            answers={200: PeriodOut, 202: PeriodOut},
            refusals=("period-unknown", "period-not-over", "period-out-of-order"),
            parameters=_MONTH,
        )
    ),
)
async def end_period(request: ApiRequest) -> Response[bytes]:
    """Begin to close a month: a worker verifies and reconciles, and closes it if both are clean.

    From now on what belongs to the month is booked in the next one. Ask again once what stood in
    the way is cleared; a month that is closed is answered as it stands and never opens again.
    """
    month, cause = _month(request), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        status = await close_period(connection, cause, month)
        ended = status.period.state is PeriodState.CLOSED
        return answer(200 if ended else 202, PeriodOut.of(status))

    return await write(request, None, work)


@get(
    "/finance/verifications",
    opt=operation(
        Operation(
            summary="List the proofs of the books",
            tag="finance",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[VerificationOut]},
        )
    ),
)
async def read_verifications(request: ApiRequest) -> Response[bytes]:
    """Answer when every invariant was proved and what was found, newest first."""
    query = read_query(request, PageQuery)
    before = read_cursor(request, "verifications", query.after, UUID)
    async with application_of(request).database.read() as connection:
        found = await list_verifications(connection, limit=query.limit + 1, before=before)
    page = found[: query.limit]
    more = len(found) > query.limit
    next_ = sign_cursor(request, "verifications", str(page[-1].id)) if more else None
    return ok(Page([VerificationOut.of(proof) for proof in page], next_))


def _month(request: ApiRequest) -> date:
    text = str(request.path_params["month"])
    try:
        return month_of(text)
    except ValueError:
        raise ledger.PeriodUnknown(wanted=text[:80]) from None


ROUTES: Final = (read_periods, read_period, end_period, read_verifications)
