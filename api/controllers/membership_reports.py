"""What a shop reports that charges for memberships itself: joining, periods, failures, refunds."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest
from api.bodies import body_of
from api.controllers.checkout import member_of
from api.controllers.memberships import PAYMENT_REFUSALS, PERIOD, SHOP, ask, deed_of, done
from api.operation import Operation, operation
from api.schemas.memberships import (
    FailureBody,
    MembershipBody,
    MembershipDone,
    MembershipRefundBody,
    PeriodBody,
)
from api.writing import answer, cause_of, now_of, write
from loyalty.cause import Cause
from loyalty.idempotency import Answer, Begun
from loyalty.membership import external
from loyalty.membership.asking import Asked
from loyalty.membership.types import Applied

_JOINED: Final = {
    "member": "ext:C-1047",
    "plan": "prime",
    "price": "monthly",
    "reference": "SUB-1001",
    "consent": {"text": "prime-terms", "version": "2026-11"},
    "paid": PERIOD,
}


@post(
    "/memberships",
    opt=operation(
        Operation(
            summary="Let a member have a plan",
            tag="memberships",
            roles=SHOP,
            key="required",
            body=MembershipBody,
            answers={201: MembershipDone},
            refusals=(
                *("unknown-member", "member-closed", "unknown-plan", "unknown-price"),
                *("plan-archived", "price-archived", "membership-live", "trial-taken"),
                *("trial-not-offered", "membership-not-paid", "membership-consent-missing"),
                *("membership-billed-elsewhere", *PAYMENT_REFUSALS),
            ),
            example=_JOINED,
        )
    ),
)
async def create_membership(request: ApiRequest) -> Response[bytes]:
    """Begin a membership that the shop charges for, on trial or with its first payment."""
    body = await body_of(request, MembershipBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        made = await external.join_plan(connection, cause, begun.whose(), body.asked())
        shown = await done(connection, Asked(made), cause.at)
        return answer(201, shown, location=f"/v1/memberships/{shown.membership.id}")

    return await write(request, member_of(body.member), work)


@post(
    "/memberships/{membership:str}/periods",
    status_code=200,
    opt=operation(
        deed_of(
            "Report that a period was paid",
            SHOP,
            *PAYMENT_REFUSALS,
            "membership-periods-overlap",
            "membership-fee-conflict",
            body=PeriodBody,
            example=PERIOD,
        )
    ),
)
async def report_period(request: ApiRequest) -> Response[bytes]:
    """Record a paid period; one of a membership that has ended is recorded, and is due back."""
    body = await body_of(request, PeriodBody)

    async def deed(connection: AsyncConnection, cause: Cause, id_: UUID) -> Applied:
        return await external.report_payment(connection, cause, id_, body.asked())

    return await _report(request, deed)


@post(
    "/memberships/{membership:str}/payment-failures",
    status_code=200,
    opt=operation(
        deed_of(
            "Report that a payment failed",
            SHOP,
            "membership-fee-in-future",
            body=FailureBody,
            example={"at": "2026-12-22T08:00:00+01:00"},
        )
    ),
)
async def report_failure(request: ApiRequest) -> Response[bytes]:
    """Begin the grace at the end of what is paid; one from before the last payment says nothing."""
    body = await body_of(request, FailureBody)

    async def deed(connection: AsyncConnection, cause: Cause, id_: UUID) -> Applied:
        return await external.report_failure(connection, cause, id_, at=body.at)

    return await _report(request, deed)


@post(
    "/memberships/{membership:str}/refunds",
    status_code=200,
    opt=operation(
        deed_of(
            "Report that money of a charge was given back",
            SHOP,
            *("unknown-charge", "refund-above-charge", "membership-amount-not-positive"),
            *("membership-fee-in-future", "membership-fee-conflict"),
            *("membership-reference-taken", "membership-periods-overlap"),
            body=MembershipRefundBody,
            example={
                "reference": "RF-1",
                "charge": "PAY-1001",
                "amount": 990,
                "reason": "withdrawal",
            },
        )
    ),
)
async def report_refund(request: ApiRequest) -> Response[bytes]:
    """Record a refund or a dispute, split as its charge is; it ends no membership by itself."""
    body = await body_of(request, MembershipRefundBody)

    async def deed(connection: AsyncConnection, cause: Cause, id_: UUID) -> Applied:
        return await external.report_refund(connection, cause, id_, body.asked())

    return await _report(request, deed)


async def _report(
    request: ApiRequest, deed: Callable[[AsyncConnection, Cause, UUID], Awaitable[Applied]]
) -> Response[bytes]:
    async def asked(connection: AsyncConnection, cause: Cause, id_: UUID) -> Asked:
        return Asked(await deed(connection, cause, id_))

    return await ask(request, asked)


ROUTES: Final = (create_membership, report_period, report_failure, report_refund)
