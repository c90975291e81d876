"""Refunds that Stripe refused: which there are, another try, and what needs none any more."""

from datetime import datetime
from typing import Final

from litestar import Response, get, post
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.controllers.memberships import MEMBERSHIP_PATH, own_membership
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.stripe import RefundsTakenOut, RefusedRefundOut, SettleRefundsBody
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.billing.retrying import refused_refunds, settle, try_again
from loyalty.idempotency import Answer, Begun
from loyalty.ids import show
from loyalty.keys import Role
from loyalty.membership.types import PREFIX

_WHO: Final[frozenset[Role]] = frozenset({"admin", "finance"})
_REFUSALS: Final = ("unknown-membership", "no-refund-refused", "refund-under-way")
_LIST: Final = "stripe-refunds"


class RefundsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How many, the latest first."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@get(
    "/stripe/refunds",
    opt=operation(
        Operation(
            summary="List refunds that Stripe refused",
            tag="memberships",
            roles=_WHO,
            query=RefundsQuery,
            answers={200: Page[RefusedRefundOut]},
        )
    ),
)
async def read_refunds(request: ApiRequest) -> Response[bytes]:
    """Answer what Stripe refused to give back and nobody settled, and when it is tried again."""
    query = read_query(request, RefundsQuery)
    before = read_cursor(request, _LIST, query.after, tuple[datetime, str])
    async with application_of(request).database.read() as connection:
        found = await refused_refunds(connection, before=before, limit=query.limit + 1)
    page, next_ = found[: query.limit], None
    if len(found) > query.limit:
        last = page[-1]
        next_ = sign_cursor(request, _LIST, [last.asked_at.isoformat(), last.key])
    return ok(Page([RefusedRefundOut.of(each) for each in page], next_))


@post(
    "/stripe/refunds/{membership:str}/retry",
    status_code=200,
    opt=operation(
        Operation(
            summary="Ask Stripe once more for a membership's refunds",
            tag="memberships",
            roles=_WHO,
            key="required",
            answers={200: RefundsTakenOut},
            refusals=_REFUSALS,
            parameters=MEMBERSHIP_PATH,
        )
    ),
)
async def retry_refunds(request: ApiRequest) -> Response[bytes]:
    """Let a worker ask for what did not reach the member, and for nothing that has."""
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        row = await own_membership(connection, request)
        await try_again(connection, cause, row.id)
        return answer(200, RefundsTakenOut(show(PREFIX, row.id)))

    return await write(request, None, work)


@post(
    "/stripe/refunds/{membership:str}/settle",
    status_code=200,
    opt=operation(
        Operation(
            summary="Say that a membership needs no refund from Stripe any more",
            tag="memberships",
            roles=_WHO,
            key="required",
            body=SettleRefundsBody,
            example={"reason": "paid-by-bank"},
            answers={200: RefundsTakenOut},
            refusals=_REFUSALS,
            parameters=MEMBERSHIP_PATH,
        )
    ),
)
async def settle_refunds(request: ApiRequest) -> Response[bytes]:
    """Keep why what Stripe refused is not tried any more; nothing is recorded as given back."""
    body, cause = await body_of(request, SettleRefundsBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        row = await own_membership(connection, request)
        await settle(connection, cause, row.id, body.reason)
        return answer(200, RefundsTakenOut(show(PREFIX, row.id)))

    return await write(request, None, work)


ROUTES: Final = (read_refunds, retry_refunds, settle_refunds)
