"""A member's wallet: what it holds, how it came about, and corrections by hand."""

from datetime import timedelta
from typing import Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from api.auth import ApiRequest, application_of, member_ref, only_own, principal_of
from api.bodies import body_of, read_query
from api.operation import EVERYBODY, Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.wallets import (
    AdjustedOut,
    AdjustmentBody,
    ExpiringOut,
    LinkBody,
    LinkOut,
    MoneyOut,
    MovementOut,
    WalletOut,
    lot_out,
)
from api.writing import answer, cause_of, now_of, ok, respond, write
from loyalty.adjustments import Adjustment, adjust
from loyalty.idempotency import Answer, Begun
from loyalty.ids import show
from loyalty.links import make_link
from loyalty.members import find_member, refuse_closed

MEMBER: Final = {"member": "Our id (mem_…) or ext: and the shop's id."}
_AHEAD: Final = timedelta(days=90)
_MOST_LOTS: Final = 200


@get(
    "/members/{member:str}/wallet",
    opt=operation(
        Operation(
            summary="Read a wallet",
            tag="wallet",
            roles=EVERYBODY,
            answers={200: WalletOut},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def read_wallet(request: ApiRequest) -> Response[bytes]:
    """Answer the counters, the open lots, and what lapses within ninety days."""
    at, ref, application = now_of(request), member_ref(request), application_of(request)
    async with application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        policy = await application.policies.at(connection, at)
        wallet = await ledger.wallet(connection, member.holder, at=at)
        lots = await ledger.lots(connection, member.holder, at=at, limit=_MOST_LOTS)
        lapsing = await ledger.expiring(connection, member.holder, at=at, until=at + _AHEAD)
    value = policy.point_value.money_down(wallet.available)
    shown = WalletOut(
        member=show("mem", member.id),
        at=at,
        unit=dict(policy.unit),
        available=wallet.available,
        pending=wallet.pending,
        held=wallet.held,
        debt=wallet.debt,
        frozen=wallet.frozen,
        face_value=MoneyOut(value, policy.currency),
        expiring=[ExpiringOut(part.expires_at, part.amount) for part in lapsing],
        lots=[lot_out(lot) for lot in lots],
    )
    return ok(shown)


@get(
    "/members/{member:str}/transactions",
    opt=operation(
        Operation(
            summary="Read the statement of a wallet",
            tag="wallet",
            roles=EVERYBODY,
            query=PageQuery,
            answers={200: Page[MovementOut]},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def list_transactions(request: ApiRequest) -> Response[bytes]:
    """Answer movements, latest first, each with the balance after it."""
    query, ref = read_query(request, PageQuery), member_ref(request)
    async with application_of(request).database.read() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        list_ = f"transactions {member.id}"
        moved = await ledger.transactions(
            connection,
            member.holder,
            before=read_cursor(request, list_, query.after, int),
            limit=query.limit + 1,
        )
    shown = [MovementOut.of(movement) for movement in moved[: query.limit]]
    more = len(moved) > query.limit
    return ok(Page(shown, sign_cursor(request, list_, shown[-1].sequence) if more else None))


@post(
    "/members/{member:str}/adjustments",
    opt=operation(
        Operation(
            summary="Give or take points by hand",
            tag="wallet",
            roles=frozenset({"admin", "finance"}),
            key="required",
            confirms_key=True,
            body=AdjustmentBody,
            answers={201: AdjustedOut},
            refusals=(
                "unknown-member",
                "member-closed",
                "adjustment-over-limit",
                "adjustment-reason-unknown",
                "adjustment-empty",
                "insufficient-points",
            ),
            parameters=MEMBER,
            example={"points": 250, "reason": "goodwill", "note": "Parcel came late."},
            example_answer={
                "journal": "jrn_01kfz3m6q8e4trx9n2v5w7y1ab",
                "points": 250,
                "debt_repaid": 0,
            },
        )
    ),
)
async def adjust_points(request: ApiRequest) -> Response[bytes]:
    """Give or take points for a reason, within the role's limit of the day."""
    body = await body_of(request, AdjustmentBody)
    cause, role = cause_of(request, now_of(request)), principal_of(request).role
    wanted = Adjustment(amount=body.points, reason=body.reason, role=role, note=body.note)

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        adjusted = await adjust(connection, cause, begun.whose(), wanted)
        return answer(201, AdjustedOut.of(adjusted))

    return await write(request, member_ref(request), work)


@post(
    "/members/{member:str}/links",
    opt=operation(
        Operation(
            summary="Make a wallet link or a member credential",
            tag="wallet",
            roles=frozenset({"checkout", "admin"}),
            body=LinkBody,
            answers={201: LinkOut},
            refusals=("unknown-member", "member-closed"),
            parameters=MEMBER,
            example={"purpose": "wallet", "minutes": 15},
        )
    ),
)
async def create_link(request: ApiRequest) -> Response[bytes]:
    """Answer a signed token that names the member; nothing is stored."""
    body = await body_of(request, LinkBody)
    at, application = now_of(request), application_of(request)
    async with application.database.read() as connection:
        member = await find_member(connection, member_ref(request))
    refuse_closed(member)
    link = make_link(
        application.signing,
        member.id,
        purpose=body.purpose,
        at=at,
        lives=timedelta(minutes=body.minutes),
    )
    return respond(answer(201, LinkOut.of(link, str(request.base_url).rstrip("/"))))


ROUTES: Final = (read_wallet, list_transactions, adjust_points, create_link)
