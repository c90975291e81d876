"""A member's wallet: what it holds, how it came about, and corrections by hand."""

from datetime import datetime, timedelta
from typing import Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from api.auth import ApiRequest, application_of, member_ref, only_own, principal_of
from api.bodies import RequestInvalid, body_of, read_query
from api.operation import EVERYBODY, Operation, operation
from api.pagination import Page, read_cursor, sign_cursor
from api.schemas.entitlements import entitlements_out
from api.schemas.wallets import (
    AdjustedOut,
    AdjustmentBody,
    ExpiringOut,
    LinkBody,
    LinkOut,
    MoneyOut,
    MovementOut,
    StandOut,
    StatementOut,
    StatementQuery,
    TransactionsQuery,
    WalletOut,
    WalletQuery,
    lot_out,
)
from api.writing import answer, cause_of, now_of, ok, respond, write
from loyalty.adjustments import Adjustment, adjust
from loyalty.bootstrap import Application
from loyalty.checkout.sentences import speaks
from loyalty.entitlements import entitlements_of
from loyalty.idempotency import Answer, Begun
from loyalty.ids import show
from loyalty.links import make_link
from loyalty.members import Member, find_member, refuse_closed
from loyalty.policy import POINTS, Policy, refuse_unknown_asset

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
            query=WalletQuery,
            answers={200: WalletOut},
            refusals=(
                "unknown-member",
                "asset-unknown",
                "unanswerable-instant",
                "recorded-in-future",
            ),
            parameters=MEMBER,
        )
    ),
)
async def read_wallet(request: ApiRequest) -> Response[bytes]:
    """Answer the counters, the open lots, what lapses within ninety days, and the member's rights.

    With `at` or `recorded_by` the counters alone, as they stood then.
    """
    query, ref, application = read_query(request, WalletQuery), member_ref(request), _app(request)
    now, language = now_of(request), speaks(request.headers.get("accept-language", ""))
    async with application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        policy = await application.policies.at(connection, now)
        refuse_unknown_asset(policy, query.asset, pointer="/query/asset")
        holder = member.holder
        if query.at is not None or query.recorded_by is not None:
            stood = await ledger.wallet_as_of(
                connection,
                holder,
                at=_not_later(query.at, now),
                asset=query.asset,
                recorded_by=query.recorded_by,
                now=now,
            )
            return ok(_as_of(member, policy, stood))
        wallet = await ledger.wallet(connection, holder, at=now, asset=query.asset)
        lots = await ledger.lots(connection, holder, at=now, asset=query.asset, limit=_MOST_LOTS)
        lapsing = await ledger.expiring(
            connection, holder, at=now, until=now + _AHEAD, asset=query.asset
        )
        rights = await entitlements_of(connection, application.programme, member, at=now)
    shown = WalletOut(
        member=show("mem", member.id),
        at=now,
        unit=unit_of(policy, query.asset),
        available=wallet.available,
        pending=wallet.pending,
        held=wallet.held,
        debt=wallet.debt,
        frozen=wallet.frozen,
        face_value=_face_value(policy, query.asset, wallet.available),
        expiring=[ExpiringOut(part.expires_at, part.amount) for part in lapsing],
        lots=[lot_out(lot) for lot in lots],
        asset=query.asset,
        entitlements=entitlements_out(rights, language, policy.zone),
    )
    return ok(shown)


def _as_of(member: Member, policy: Policy, stood: ledger.Balance) -> WalletOut:
    return WalletOut(
        member=show("mem", member.id),
        at=stood.at,
        unit=unit_of(policy, stood.asset),
        available=stood.available,
        pending=stood.pending,
        held=stood.held,
        debt=stood.debt,
        frozen=None,
        face_value=_face_value(policy, stood.asset, stood.available),
        expiring=None,
        lots=None,
        asset=stood.asset,
        recorded_by=stood.recorded_by,
    )


def unit_of(policy: Policy, asset: str) -> dict[str, str]:
    """Return what an asset is called, by language."""
    return dict(policy.unit if asset == POINTS else policy.assets[asset].names)


def _face_value(policy: Policy, asset: str, available: int) -> MoneyOut | None:
    """What points take off; nothing else is worth money."""
    if asset != POINTS:
        return None
    return MoneyOut(policy.point_value.money_down(max(available, 0)), policy.currency)


def _not_later(at: datetime | None, now: datetime) -> datetime:
    if at is not None and at > now:
        raise RequestInvalid(pointer="/query/at", seen="later than now", reason="out-of-range")
    return at or now


def _app(request: ApiRequest) -> Application:
    return application_of(request)


@get(
    "/members/{member:str}/transactions",
    opt=operation(
        Operation(
            summary="Read the statement of a wallet",
            tag="wallet",
            roles=EVERYBODY,
            query=TransactionsQuery,
            answers={200: Page[MovementOut]},
            refusals=("unknown-member", "asset-unknown"),
            parameters=MEMBER,
        )
    ),
)
async def list_transactions(request: ApiRequest) -> Response[bytes]:
    """Answer movements, latest first, each with the balance after it."""
    query, ref = read_query(request, TransactionsQuery), member_ref(request)
    async with application_of(request).database.read() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        policy = await _app(request).policies.at(connection, now_of(request))
        refuse_unknown_asset(policy, query.asset, pointer="/query/asset")
        list_ = f"transactions {member.id} {query.asset}"
        moved = await ledger.transactions(
            connection,
            member.holder,
            asset=query.asset,
            before=read_cursor(request, list_, query.after, int),
            limit=query.limit + 1,
        )
    shown = [MovementOut.of(movement) for movement in moved[: query.limit]]
    more = len(moved) > query.limit
    return ok(Page(shown, sign_cursor(request, list_, shown[-1].sequence) if more else None))


@get(
    "/members/{member:str}/statement",
    opt=operation(
        Operation(
            summary="Read a statement as of an instant",
            tag="wallet",
            roles=EVERYBODY,
            query=StatementQuery,
            answers={200: StatementOut},
            refusals=(
                "unknown-member",
                "asset-unknown",
                "unanswerable-instant",
                "recorded-in-future",
            ),
            parameters=MEMBER,
        )
    ),
)
async def read_statement(request: ApiRequest) -> Response[bytes]:
    """Answer what took effect between two instants, as recorded by a third, oldest first."""
    query, ref, now = read_query(request, StatementQuery), member_ref(request), now_of(request)
    if query.to <= query.from_:
        raise RequestInvalid(pointer="/query/to", seen="not after from", reason="out-of-range")
    async with _app(request).database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        policy = await _app(request).policies.at(connection, now)
        refuse_unknown_asset(policy, query.asset, pointer="/query/asset")
        list_ = f"statement {member.id} {query.asset} {query.from_} {query.to} {query.recorded_by}"
        last = read_cursor(request, list_, query.after, str)
        told = await ledger.statement(
            connection,
            member.holder,
            since=query.from_,
            until=query.to,
            asset=query.asset,
            recorded_by=query.recorded_by,
            now=now,
            after=None if last is None else _place(last),
            limit=query.limit + 1,
        )
    page = told.movements[: query.limit]
    more = len(told.movements) > query.limit
    end = f"{page[-1].effective_at.isoformat()} {page[-1].sequence}" if more else ""
    shown = StatementOut(
        member=show("mem", member.id),
        asset=query.asset,
        opening=_stand(told.opening),
        items=[MovementOut.of(movement) for movement in page],
        closing=_stand(told.closing),
        next=sign_cursor(request, list_, end) if more else None,
    )
    return ok(shown)


def _place(text: str) -> tuple[datetime, int]:
    instant, _, sequence = text.partition(" ")
    return datetime.fromisoformat(instant), int(sequence)


def _stand(stood: ledger.Outstanding) -> StandOut:
    return StandOut(stood.available, stood.pending, stood.held, stood.debt)


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
                "asset-unknown",
                "insufficient-points",
            ),
            parameters=MEMBER,
            example={"points": 250, "reason": "goodwill", "note": "Parcel came late."},
            example_answer={
                "journal": "jrn_01kfz3m6q8e4trx9n2v5w7y1ab",
                "points": 250,
                "debt_repaid": 0,
                "asset": "points",
            },
        )
    ),
)
async def adjust_points(request: ApiRequest) -> Response[bytes]:
    """Give or take points for a reason, within the role's limit of the day."""
    body = await body_of(request, AdjustmentBody)
    cause, role = cause_of(request, now_of(request)), principal_of(request).role
    wanted = Adjustment(body.points, body.reason, role, body.note, body.asset)

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


ROUTES: Final = (read_wallet, list_transactions, read_statement, adjust_points, create_link)
