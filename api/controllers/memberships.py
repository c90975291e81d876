"""Memberships: read, cancelled, withdrawn from, changed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, member_ref, only_own, principal_of
from api.bodies import body_of, read_query
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.pagination import Page, read_cursor, sign_cursor
from api.schemas.memberships import (
    CancelMembershipBody,
    ChangePlanBody,
    ChangePreviewOut,
    ChargeOut,
    MembershipDone,
    MembershipOut,
    MembershipsQuery,
    MembershipWhole,
    PreviewQuery,
    RefundOut,
    StepOut,
)
from api.writing import answer, attempt_of, cause_of, now_of, ok, write
from loyalty.billing import deeds
from loyalty.billing.store import ADAPTER
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.members import find_member
from loyalty.members.types import EXTERNAL
from loyalty.membership import asking, external
from loyalty.membership.asking import Asked, NewChange
from loyalty.membership.errors import MembershipUnknown
from loyalty.membership.reasons import say_why
from loyalty.membership.store import (
    by_reference,
    charges_of,
    find_membership,
    latest_membership,
    list_memberships,
    refunds_of,
    timeline_of,
)
from loyalty.membership.types import PREFIX, Membership
from loyalty.plans.store import list_plans

SHOP: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})
_OWNERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "member"})
MEMBERSHIP_PATH: Final = {"membership": "Our id (mbs_…) or ext: and the shop's reference."}
PERIOD: Final = {
    "reference": "PAY-1001",
    "from": "2026-11-22T00:00:00+01:00",
    "until": "2026-12-22T00:00:00+01:00",
    "net": 916,
    "tax": 74,
    "currency": "CHF",
}
PAYMENT_REFUSALS: Final = (
    "membership-amount-not-positive",
    "membership-period-impossible",
    "membership-period-ahead",
    "membership-fee-in-future",
    "membership-currency-foreign",
    "membership-reference-taken",
)


@get(
    "/memberships",
    opt=operation(
        Operation(
            summary="List memberships",
            tag="memberships",
            roles=_READERS,
            query=MembershipsQuery,
            answers={200: Page[MembershipOut]},
        )
    ),
)
async def read_memberships(request: ApiRequest) -> Response[bytes]:
    """Answer memberships of all members, the newest first, with how each stands now."""
    query, at = read_query(request, MembershipsQuery), now_of(request)
    list_ = f"memberships {query.state} {query.plan}"
    async with application_of(request).database.snapshot() as connection:
        found = await list_memberships(
            connection,
            state=query.state,
            plan=query.plan,
            before=read_cursor(request, list_, query.after, UUID),
            limit=query.limit + 1,
        )
        plans = await list_plans(connection)
    page, more = found[: query.limit], len(found) > query.limit
    next_ = sign_cursor(request, list_, str(page[-1].id)) if more else None
    return ok(Page([MembershipOut.of(one, plans, at) for one in page], next_))


@get(
    "/memberships/{membership:str}",
    opt=operation(
        Operation(
            summary="Read a membership",
            tag="memberships",
            roles=EVERYBODY,
            answers={200: MembershipWhole},
            refusals=("unknown-membership",),
            parameters=MEMBERSHIP_PATH,
        )
    ),
)
async def read_membership(request: ApiRequest) -> Response[bytes]:
    """Answer a membership with its charges, refunds and timeline; a member sees their own only."""
    at = now_of(request)
    async with application_of(request).database.snapshot() as connection:
        row = await own_membership(connection, request)
        return ok(await _whole(connection, row, at))


@get(
    "/members/{member:str}/membership",
    opt=operation(
        Operation(
            summary="Read a member's membership",
            tag="memberships",
            roles=EVERYBODY,
            answers={200: MembershipWhole},
            refusals=("unknown-member", "unknown-membership"),
            parameters=MEMBER,
        )
    ),
)
async def read_members_membership(request: ApiRequest) -> Response[bytes]:
    """Answer the membership that a member has, or the last one that ended."""
    ref, at = member_ref(request), now_of(request)
    async with application_of(request).database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        row = await latest_membership(connection, member.id)
        if row is None:
            raise MembershipUnknown(seen=f"of {ref.text[:80]}")
        return ok(await _whole(connection, row, at))


def deed_of(summary: str, roles: frozenset[Role], *refusals: str, **more: object) -> Operation:
    """Declare a deed on a membership: keyed, answered with how it stands and what is due back."""
    return Operation(
        summary=summary,
        tag="memberships",
        roles=roles,
        key="required",
        answers={200: MembershipDone},
        refusals=(
            *("unknown-membership", "membership-billed-elsewhere", *refusals),
            *("stripe-off", "stripe-refused", "card-refused", "stripe-unavailable"),
        ),
        parameters=MEMBERSHIP_PATH,
        body=more.get("body"),
        example=more.get("example"),
    )


@post(
    "/memberships/{membership:str}/cancel",
    status_code=200,
    opt=operation(
        deed_of(
            "Cancel a membership",
            _OWNERS,
            "membership-ended",
            "membership-cancelled-already",
            body=CancelMembershipBody,
            example={"when": "period-end", "reason": "too-expensive"},
        )
    ),
)
async def cancel_membership(request: ApiRequest) -> Response[bytes]:
    """End the membership when what is paid ends, or now with what the policy gives back."""
    body = await body_of(request, CancelMembershipBody)

    async def why(connection: AsyncConnection, cause: Cause, came: Asked) -> Asked:
        row = came.applied.membership
        if body.reason is not None:
            row = await say_why(connection, cause, row.id, body.reason)
        return replace(came, applied=replace(came.applied, membership=row))

    async def deed(connection: AsyncConnection, cause: Cause, id_: UUID) -> Asked:
        return await why(connection, cause, await asking.cancel(connection, cause, id_, body.when))

    async def there(application: Application, cause: Cause, row: Membership, key: str) -> Asked:
        if body.when == "now":
            came = await deeds.leave(application, cause, row, "cancelled-now", key=key)
        else:
            came = await deeds.cancel_later(application, cause, row, cancels=True, key=key)
        return await application.database.write(why, cause, came)

    return await ask(request, deed, there)


@post(
    "/memberships/{membership:str}/undo-cancel",
    status_code=200,
    opt=operation(
        deed_of(
            "Undo the cancellation of a membership",
            _OWNERS,
            "membership-ended",
            "membership-nothing-to-undo",
        )
    ),
)
async def undo_cancel(request: ApiRequest) -> Response[bytes]:
    """Let a membership go on that would have ended."""

    async def there(application: Application, cause: Cause, row: Membership, key: str) -> Asked:
        return await deeds.cancel_later(application, cause, row, cancels=False, key=key)

    return await ask(request, asking.undo_cancel, there)


@post(
    "/memberships/{membership:str}/withdraw",
    status_code=200,
    opt=operation(
        deed_of(
            "Withdraw from a membership",
            _OWNERS,
            *("membership-ended", "membership-cancelled-already", "withdrawal-over"),
        )
    ),
)
async def withdraw_membership(request: ApiRequest) -> Response[bytes]:
    """End the membership within the days of withdrawal: unused whole, otherwise by days."""

    async def there(application: Application, cause: Cause, row: Membership, key: str) -> Asked:
        return await deeds.leave(application, cause, row, "withdrawn", key=key)

    return await ask(request, asking.withdraw, there)


@post(
    "/memberships/{membership:str}/change",
    status_code=200,
    opt=operation(
        deed_of(
            "Change the plan or the price of a membership",
            SHOP,
            *("membership-ended", "membership-same-price", "membership-not-paid"),
            *("unknown-plan", "unknown-price", "plan-archived", "price-archived"),
            "membership-period-over",
            *PAYMENT_REFUSALS,
            body=ChangePlanBody,
            example={"price": "yearly", "when": "period-end"},
        )
    ),
)
async def change_membership(request: ApiRequest) -> Response[bytes]:
    """Change the price from the next period on, or now with its payment."""
    body = await body_of(request, ChangePlanBody)

    async def deed(connection: AsyncConnection, cause: Cause, id_: UUID) -> Asked:
        return await asking.change(connection, cause, id_, body.asked())

    async def there(application: Application, cause: Cause, row: Membership, key: str) -> Asked:
        return await deeds.change(application, cause, row, body.asked(), key=key)

    return await ask(request, deed, there)


@get(
    "/memberships/{membership:str}/change",
    opt=operation(
        Operation(
            summary="Preview a change of the plan or the price",
            tag="memberships",
            roles=_OWNERS,
            query=PreviewQuery,
            answers={200: ChangePreviewOut},
            refusals=(
                *("unknown-membership", "membership-same-price", "unknown-price"),
                *("unknown-plan", "plan-archived", "price-archived", "membership-billed-elsewhere"),
            ),
            parameters=MEMBERSHIP_PATH,
        )
    ),
)
async def preview_change(request: ApiRequest) -> Response[bytes]:
    """Answer what changing now would cost, with the credit for what is not used up."""
    query, cause = read_query(request, PreviewQuery), cause_of(request, now_of(request))
    async with application_of(request).database.snapshot() as connection:
        row = await own_membership(connection, request)
        wanted = NewChange(query.price, query.plan, "now")
        return ok(ChangePreviewOut.of(await asking.preview_change(connection, cause, row, wanted)))


async def ask(
    request: ApiRequest,
    deed: Callable[[AsyncConnection, Cause, UUID], Awaitable[Asked]],
    there: Callable[[Application, Cause, Membership, str], Awaitable[Asked]] | None = None,
) -> Response[bytes]:
    """Do a deed on the membership that the path names, and answer how it stands then.

    Where Stripe charges it is done `there`, outside of any transaction, under the same key.
    """
    cause = cause_of(request, now_of(request))
    if there is not None:
        attempt, application = await attempt_of(request), application_of(request)
        async with application.database.read() as connection:
            row = await own_membership(connection, request)
        if row.adapter == ADAPTER:
            came = await there(application, cause, row, f"{attempt.principal}:{attempt.key}")
            async with application.database.read() as connection:
                return ok(await done(connection, came, cause.at))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        row = await own_membership(connection, request)
        came = await deed(connection, cause, row.id)
        return answer(200, await done(connection, came, cause.at))

    return await write(request, None, work)


async def done(connection: AsyncConnection, came: Asked, at: datetime) -> MembershipDone:
    """Show what came of a deed."""
    return MembershipDone.of(came, await list_plans(connection), at)


async def _whole(connection: AsyncConnection, row: Membership, at: datetime) -> MembershipWhole:
    charges = await charges_of(connection, row.id)
    refunds = await refunds_of(connection, [charge.id for charge in charges])
    return MembershipWhole(
        membership=MembershipOut.of(row, await list_plans(connection), at),
        charges=[ChargeOut.of(charge) for charge in charges],
        refunds=[RefundOut.of(refund) for refund in refunds],
        timeline=[StepOut.of(step) for step in await timeline_of(connection, row.id)],
    )


async def own_membership(connection: AsyncConnection, request: ApiRequest) -> Membership:
    """Return the membership that the path names; a member's credential finds their own only."""
    text = str(request.path_params["membership"])
    found = await _find(connection, text)
    own = principal_of(request).member
    if found is None or own not in (None, found.member):
        raise MembershipUnknown(seen=text[:80])
    return found


async def _find(connection: AsyncConnection, text: str) -> Membership | None:
    if text.startswith(EXTERNAL) and len(text) > len(EXTERNAL):
        return await by_reference(connection, external.ADAPTER, text.removeprefix(EXTERNAL))
    try:
        id_ = read(PREFIX, text)
    except MalformedId:
        return None
    return await find_membership(connection, id_)


ROUTES: Final = (
    read_memberships,
    read_membership,
    read_members_membership,
    cancel_membership,
    undo_cancel,
    withdraw_membership,
    change_membership,
    preview_change,
)
