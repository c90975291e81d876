"""What steps of orders lacked, to be worked through; and why things came back."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.aftersales import ExceptionOut, ReasonOut, ReasonsOut, SettleBody
from api.schemas.types import Code
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.members import UnknownOrder
from loyalty.orders.aftersales.errors import UnknownException
from loyalty.orders.aftersales.exceptions import (
    State,
    find_exception,
    list_exceptions,
    settle_exception,
)
from loyalty.orders.aftersales.return_reasons import return_reasons

_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})
_EXCEPTION: Final = {"exception": "Our id (exc_…)."}


class ExceptionsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which exceptions, the oldest first."""

    state: State = "open"
    code: Code | None = None
    order: str | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


class ReasonsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which days: from the first up to, and without, the other."""

    since: date = field(name="from")
    until: date = field(name="to")


@get(
    "/exceptions",
    opt=operation(
        Operation(
            summary="List what is to be worked through",
            tag="exceptions",
            roles=_READERS,
            query=ExceptionsQuery,
            answers={200: Page[ExceptionOut]},
            refusals=("unknown-order",),
        )
    ),
)
async def list_open(request: ApiRequest) -> Response[bytes]:
    """Answer exceptions, the oldest first; only open ones unless told otherwise."""
    query = read_query(request, ExceptionsQuery)
    list_ = f"exceptions {query.state} {query.code} {query.order}"
    after = read_cursor(request, list_, query.after, tuple[datetime, UUID])
    async with application_of(request).database.read() as connection:
        found = await list_exceptions(
            connection,
            state=query.state,
            code=query.code,
            order=_order_id(query.order),
            limit=query.limit + 1,
            after=after,
        )
    page = found[: query.limit]
    next_ = None
    if len(found) > query.limit:
        next_ = sign_cursor(request, list_, (page[-1].at.isoformat(), str(page[-1].id)))
    return ok(Page([ExceptionOut.of(one) for one in page], next_))


@get(
    "/exceptions/{exception:str}",
    opt=operation(
        Operation(
            summary="Read an exception",
            tag="exceptions",
            roles=_READERS,
            answers={200: ExceptionOut},
            refusals=("unknown-exception",),
            parameters=_EXCEPTION,
        )
    ),
)
async def read_exception(request: ApiRequest) -> Response[bytes]:
    """Answer one exception, and how it was settled."""
    exception = _exception_id(request)
    async with application_of(request).database.read() as connection:
        return ok(ExceptionOut.of(await find_exception(connection, exception)))


@post(
    "/exceptions/{exception:str}/settle",
    status_code=200,
    opt=operation(
        Operation(
            summary="Settle an exception",
            tag="exceptions",
            roles=_READERS,
            key="required",
            body=SettleBody,
            answers={200: ExceptionOut},
            refusals=("unknown-exception", "exception-settled", "outcome-unfit"),
            parameters=_EXCEPTION,
            example={"reason": "explained", "reference": "CASE-204"},
        )
    ),
)
async def settle(request: ApiRequest) -> Response[bytes]:
    """Settle an exception for good, with who did it and why; a review also has an outcome."""
    body = await body_of(request, SettleBody)
    exception, cause = _exception_id(request), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        done = await settle_exception(connection, cause, exception, body.asked())
        return answer(200, ExceptionOut.of(done))

    return await write(request, None, work)


@get(
    "/statistics/return-reasons",
    opt=operation(
        Operation(
            summary="Count why things came back",
            tag="exceptions",
            roles=_READERS,
            query=ReasonsQuery,
            answers={200: ReasonsOut},
        )
    ),
)
async def count_reasons(request: ApiRequest) -> Response[bytes]:
    """Answer the reasons of returns and chargebacks of a span of days, with what they came to."""
    query = read_query(request, ReasonsQuery)
    async with application_of(request).database.read() as connection:
        found = await return_reasons(connection, query.since, query.until)
    return ok(ReasonsOut([ReasonOut.of(one) for one in found]))


def _exception_id(request: ApiRequest) -> UUID:
    text = str(request.path_params["exception"])
    try:
        return read("exc", text)
    except MalformedId:
        raise UnknownException(seen=text[:80]) from None


def _order_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return read("ord", text)
    except MalformedId:
        raise UnknownOrder(seen=text[:80], pointer="/query/order") from None


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_open, read_exception, settle, count_reasons)
