"""What a member is offered and orders of the catalogue; the shop fulfils or cancels it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, member_ref, only_own, principal_of
from api.bodies import body_of, read_query
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.pagination import Page, read_cursor, sign_cursor
from api.schemas.reward_orders import (
    CancelRewardBody,
    FulfilBody,
    MemberOrdersQuery,
    RewardOrderBody,
    RewardOrderOut,
    RewardOrdersQuery,
)
from api.schemas.rewards import OfferOut, OffersOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.checkout.sentences import speaks
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.members import absorbed_members, find_member
from loyalty.members.types import EXTERNAL
from loyalty.rewards.errors import RewardOrderUnknown
from loyalty.rewards.offering import offers_to
from loyalty.rewards.ordering import Ordered, order_reward
from loyalty.rewards.orders import find_by_external_id, find_reward_order, list_reward_orders
from loyalty.rewards.settling import cancel_order, fulfil_order
from loyalty.rewards.types import REWARD_ORDER, OrderState, RewardOrder
from loyalty.rewards.writing import Kept

_SETTLERS: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})
_ORDER: Final = {"order": "Our id (rwo_…) or ext: and the shop's id."}


@get(
    "/members/{member:str}/rewards",
    opt=operation(
        Operation(
            summary="List the rewards a member is offered",
            tag="rewards",
            roles=EVERYBODY,
            answers={200: OffersOut},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def list_offers(request: ApiRequest) -> Response[bytes]:
    """Answer what the member may see, with price and stock, and why not where they may not."""
    ref, at = member_ref(request), now_of(request)
    application = application_of(request)
    async with application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        offers = await offers_to(connection, application.programme, member, at=at)
        zone = (await application.policies.at(connection, at)).zone
    language = speaks(request.headers.get("Accept-Language", ""))
    return ok(OffersOut([OfferOut.of(offer, language, zone) for offer in offers]))


@post(
    "/members/{member:str}/reward-orders",
    opt=operation(
        Operation(
            summary="Order a reward",
            tag="rewards",
            roles=frozenset({"checkout", "admin", "member"}),
            key="required",
            confirms_key=True,
            body=RewardOrderBody,
            answers={201: RewardOrderOut},
            refusals=(
                "unknown-member",
                "member-closed",
                "unknown-reward",
                "reward-moved",
                "reward-malformed",
                "reward-sold-out",
                "reward-period-sold-out",
                "reward-limit-reached",
                "reward-not-available",
                "reward-not-for-member",
                "reward-points-short",
                "wallet-frozen",
                "reward-order-conflict",
            ),
            parameters=MEMBER,
            example={"reward": "mug", "quantity": 1, "order_id": "R-1001"},
        )
    ),
)
async def create_reward_order(request: ApiRequest) -> Response[bytes]:
    """Take points and stock and hand out a voucher together, or nothing at all."""
    body, ref = await body_of(request, RewardOrderBody), member_ref(request)
    cause, programme = cause_of(request, now_of(request)), application_of(request).programme

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        only_own(request, begun.whose(), ref)

        def keep(ordered: Ordered) -> Kept:
            return begun.attempt, _answered(ordered)

        ordered = await order_reward(connection, programme, cause, begun, body.asked(), keep=keep)
        return replace(_answered(ordered), stored=not ordered.replayed)

    return await write(request, ref, work)


@get(
    "/members/{member:str}/reward-orders",
    opt=operation(
        Operation(
            summary="List a member's orders of rewards",
            tag="rewards",
            roles=EVERYBODY,
            query=MemberOrdersQuery,
            answers={200: Page[RewardOrderOut]},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def list_members_reward_orders(request: ApiRequest) -> Response[bytes]:
    """Answer the orders of a member, the newest first."""
    query, ref = read_query(request, MemberOrdersQuery), member_ref(request)
    async with application_of(request).database.read() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        list_ = f"reward-orders {member.id} {query.state}"
        found = await list_reward_orders(
            connection,
            state=_state(query.state),
            member=member.id,
            before=read_cursor(request, list_, query.after, UUID),
            limit=query.limit + 1,
        )
    return ok(_page(request, list_, found, query.limit))


@get(
    "/reward-orders",
    opt=operation(
        Operation(
            summary="List orders of rewards",
            tag="rewards",
            roles=_READERS,
            query=RewardOrdersQuery,
            answers={200: Page[RewardOrderOut]},
        )
    ),
)
async def list_all_reward_orders(request: ApiRequest) -> Response[bytes]:
    """Answer orders of all members, the newest first: those to fulfil with state=ordered."""
    query = read_query(request, RewardOrdersQuery)
    list_ = f"reward-orders {query.state} {query.reward}"
    async with application_of(request).database.read() as connection:
        found = await list_reward_orders(
            connection,
            state=_state(query.state),
            reward_code=query.reward,
            before=read_cursor(request, list_, query.after, UUID),
            limit=query.limit + 1,
        )
    return ok(_page(request, list_, found, query.limit))


@get(
    "/reward-orders/{order:str}",
    opt=operation(
        Operation(
            summary="Read an order of a reward",
            tag="rewards",
            roles=EVERYBODY,
            answers={200: RewardOrderOut},
            refusals=("unknown-reward-order",),
            parameters=_ORDER,
        )
    ),
)
async def read_reward_order(request: ApiRequest) -> Response[bytes]:
    """Answer an order with its figures; a member sees their own only."""
    own = principal_of(request).member
    async with application_of(request).database.read() as connection:
        found = await _find(connection, request)
        theirs = own in (None, found.member)
        if own is not None and not theirs:  # one they placed before they were merged is theirs too
            theirs = found.member in await absorbed_members(connection, own)
    if not theirs:
        raise RewardOrderUnknown(seen=_named(request))
    return ok(RewardOrderOut.of(found))


@post(
    "/reward-orders/{order:str}/fulfil",
    status_code=200,
    opt=operation(
        Operation(
            summary="Fulfil an order of a reward",
            tag="rewards",
            roles=_SETTLERS,
            key="required",
            body=FulfilBody,
            answers={200: RewardOrderOut},
            refusals=("unknown-reward-order", "reward-order-closed"),
            parameters=_ORDER,
            example={"reference": "DN-2201"},
        )
    ),
)
async def fulfil_reward_order(request: ApiRequest) -> Response[bytes]:
    """Say that what was ordered was sent, handed out or done."""
    body, cause = await body_of(request, FulfilBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        order = (await _find(connection, request)).id
        done = await fulfil_order(connection, cause, order, reference=body.reference)
        return answer(200, _without_names(done))

    return await write(request, None, work)


@post(
    "/reward-orders/{order:str}/cancel",
    status_code=200,
    opt=operation(
        Operation(
            summary="Cancel an order of a reward",
            tag="rewards",
            roles=_SETTLERS,
            key="required",
            body=CancelRewardBody,
            answers={200: RewardOrderOut},
            refusals=(
                "unknown-reward-order",
                "reward-order-closed",
                "reward-voucher-used",
                "voucher-in-use",
            ),
            parameters=_ORDER,
            example={"reason": "out-of-stock", "restock": False},
        )
    ),
)
async def cancel_reward_order(request: ApiRequest) -> Response[bytes]:
    """Give points, stock and limits back, and take the voucher back unless it was used."""
    body, cause = await body_of(request, CancelRewardBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        order = (await _find(connection, request)).id
        done = await cancel_order(
            connection, cause, order, reason=body.reason, note=body.note, restock=body.restock
        )
        return answer(200, _without_names(done))

    return await write(request, None, work)


def _answered(ordered: Ordered) -> Answer:
    shown = _without_names(ordered.order)
    return answer(201, shown, location=f"/v1/reward-orders/{shown.order}")


def _without_names(order: RewardOrder) -> RewardOrderOut:
    """Show an order as an answer that is kept: the shop's own id is read with GET."""
    return RewardOrderOut.of(replace(order, external_id=None))


def _page(
    request: ApiRequest, list_: str, found: Sequence[RewardOrder], limit: int
) -> Page[RewardOrderOut]:
    """Cut a page out of what was read of a list, one order more than it takes."""
    page, more = found[:limit], len(found) > limit
    next_ = sign_cursor(request, list_, str(page[-1].id)) if more else None
    return Page([RewardOrderOut.of(order) for order in page], next_)


def _state(text: str | None) -> OrderState | None:
    return None if text is None else OrderState(text)


def _named(request: ApiRequest) -> str:
    return str(request.path_params["order"])[:80]


async def _find(connection: AsyncConnection, request: ApiRequest) -> RewardOrder:
    text = str(request.path_params["order"])
    if text.startswith(EXTERNAL) and len(text) > len(EXTERNAL):
        return await find_by_external_id(connection, text.removeprefix(EXTERNAL))
    try:
        id_ = read(REWARD_ORDER, text)
    except MalformedId:
        raise RewardOrderUnknown(seen=_named(request)) from None
    return await find_reward_order(connection, id_)


ROUTES: Final = (
    list_offers,
    create_reward_order,
    list_members_reward_orders,
    list_all_reward_orders,
    read_reward_order,
    fulfil_reward_order,
    cancel_reward_order,
)
