"""The order's life: place, hold, pay, complete, cancel, return."""

from collections.abc import Callable
from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, order_ref, principal_of
from api.bodies import body_of
from api.controllers.checkout import member_of
from api.operation import Operation, operation
from api.schemas.order_answers import (
    CancelledOut,
    CompletedOut,
    HeldOut,
    PlacedOut,
    ReturnedOut,
    UnnamedReturnOut,
)
from api.schemas.order_views import OrderOut
from api.schemas.orders import (
    CancelBody,
    CompleteBody,
    HoldBody,
    PaidBody,
    PlaceBody,
    ReturnBody,
    UnnamedReturnBody,
)
from api.stepping import step
from api.writing import answer, now_of, ok
from benefits import VoucherRefused
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.idempotency import Answer, Begun
from loyalty.issuing.guessing import UNKNOWN, Guesser, tell_guesses
from loyalty.keys import Role
from loyalty.members import UnknownOrder, absorbed_members
from loyalty.orders.cancelling import Cancelling, cancel
from loyalty.orders.completing import Completing, complete
from loyalty.orders.holding import extend_hold, mark_paid
from loyalty.orders.placing import NewOrder, Placed, guessers_of, place
from loyalty.orders.reading import find_order_by
from loyalty.orders.returning import Returning, return_goods
from loyalty.orders.types import PricedBy
from loyalty.orders.unnamed import Sorted, Unnamed, return_unnamed
from loyalty.orders.writing import Kept

_ROLES: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance", "member"})
_ORDER: Final = {"order": "Our id (ord_…) or ext: and the shop's id."}
_SOLD: Final = {
    "currency": "USD",
    "lines": [{"line_id": "1", "sku": "1095275", "quantity": 2, "amount": 798}],
}
_CONFLICTS: Final = ("unknown-order", "order-conflict", "instant-out-of-order")


@post(
    "/orders",
    opt=operation(
        Operation(
            summary="Place an order",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=PlaceBody,
            answers={201: PlacedOut},
            refusals=(
                "unknown-member",
                "order-conflict",
                "quote-mismatch",
                "token-expired",
                "points-short",
                "points-over-available",
                "voucher-used-up",
                "too-many-unknown-codes",
                "limit-reached",
                "hold-too-long",
                "not-for-shop-prices",
                "foreign-currency",
            ),
            example={"member": "ext:C-1047", "order_id": "S-1001", "order": _SOLD},
        )
    ),
)
async def place_order(request: ApiRequest) -> Response[bytes]:
    """Reserve points and vouchers for an order and store the decision it is placed with."""
    body = await body_of(request, PlaceBody)
    asked = NewOrder(
        basket=body.order.basket(),
        name=body.order_id,
        quote=body.quote,
        priced_by=PricedBy(body.priced_by),
        placed_at=body.placed_at,
        paid_at=body.paid_at,
        hold_until=body.hold_until,
    )

    def render(placed: Placed) -> Answer:
        shown = PlacedOut.of(placed)
        return answer(201, shown, location=f"/v1/orders/{shown.order}")

    wrong: list[tuple[Guesser, ...]] = []

    async def placing(
        connection: AsyncConnection,
        programme: Programme,
        cause: Cause,
        begun: Begun,
        new: NewOrder,
        /,
        *,
        keep: Callable[[Placed], Kept],
    ) -> Placed:
        try:
            return await place(connection, programme, cause, begun, new, keep=keep)
        except VoucherRefused as error:
            if error.code in UNKNOWN:
                wrong.append(guessers_of(begun, new))
            raise

    answered = await step(request, member_of(body.member), placing, asked, render)
    if wrong:
        database = application_of(request).database
        await tell_guesses(database, wrong[-1], wrong=1, at=now_of(request))
    return answered


@get(
    "/orders/{order:str}",
    opt=operation(
        Operation(
            summary="Read an order",
            tag="orders",
            roles=_READERS,
            answers={200: OrderOut},
            refusals=("unknown-order",),
            parameters=_ORDER,
        )
    ),
)
async def read_order(request: ApiRequest) -> Response[bytes]:
    """Answer an order with everything that happened to it; a member sees their own only."""
    ref, own = order_ref(request), principal_of(request).member
    async with application_of(request).database.read() as connection:
        found = await find_order_by(connection, ref)
        theirs = own in (None, found.order.member)
        if own is not None and not theirs:  # one they placed before they were merged is theirs too
            theirs = found.order.member in await absorbed_members(connection, own)
    if not theirs:
        raise UnknownOrder(seen=ref.text[:80])
    return ok(OrderOut.of(found))


@post(
    "/orders/{order:str}/hold",
    status_code=200,
    opt=operation(
        Operation(
            summary="Extend the hold of an unpaid order",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=HoldBody,
            answers={200: HeldOut},
            refusals=("unknown-order", "order-closed", "hold-too-long", "hold-over"),
            parameters=_ORDER,
            example={"hold_until": "2026-11-22T09:30:00+01:00"},
        )
    ),
)
async def hold_order(request: ApiRequest) -> Response[bytes]:
    """Keep points and vouchers of an unpaid order until another instant."""
    body = await body_of(request, HoldBody)

    return await step(
        request,
        order_ref(request),
        extend_hold,
        body.hold_until,
        lambda h: answer(200, HeldOut.of(h)),
    )


@post(
    "/orders/{order:str}/paid",
    status_code=200,
    opt=operation(
        Operation(
            summary="Record that an order was paid",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=PaidBody,
            answers={200: HeldOut},
            refusals=_CONFLICTS,
            parameters=_ORDER,
            example={"paid_at": "2026-11-21T09:35:00+01:00"},
        )
    ),
)
async def pay_order(request: ApiRequest) -> Response[bytes]:
    """Mark an order as paid: nothing it holds is released until it ends."""
    body = await body_of(request, PaidBody)

    return await step(
        request, order_ref(request), mark_paid, body.paid_at, lambda h: answer(200, HeldOut.of(h))
    )


@post(
    "/orders/{order:str}/complete",
    status_code=200,
    opt=operation(
        Operation(
            summary="Complete a shipment",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=CompleteBody,
            answers={200: CompletedOut},
            refusals=(
                *_CONFLICTS,
                "order-cancelled",
                "order-closed",
                "unknown-line",
                "more-than-open",
                "more-than-ordered",
            ),
            parameters=_ORDER,
            example={"shipment": "P-1", "lines": [{"line_id": "1", "quantity": 1}]},
        )
    ),
)
async def complete_order(request: ApiRequest) -> Response[bytes]:
    """Take the points a shipment spends, give those it earns, and move the standing."""
    body = await body_of(request, CompleteBody)
    lines = None if body.lines is None else [line.asked() for line in body.lines]
    asked = Completing(lines, body.shipment, body.completed_at)

    return await step(
        request, order_ref(request), complete, asked, lambda c: answer(200, CompletedOut.of(c))
    )


@post(
    "/orders/{order:str}/cancel",
    status_code=200,
    opt=operation(
        Operation(
            summary="Cancel an order, or lines of it",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=CancelBody,
            answers={200: CancelledOut},
            refusals=(*_CONFLICTS, "order-closed", "unknown-line", "more-than-open"),
            parameters=_ORDER,
            example={"shipment": "C-1", "lines": [{"line_id": "1", "quantity": 1}]},
        )
    ),
)
async def cancel_order(request: ApiRequest) -> Response[bytes]:
    """Give back what is held for lines that will not be shipped."""
    body = await body_of(request, CancelBody)
    lines = None if body.lines is None else [line.asked() for line in body.lines]
    asked = Cancelling(lines, body.shipment, body.cancelled_at)

    return await step(
        request, order_ref(request), cancel, asked, lambda c: answer(200, CancelledOut.of(c))
    )


@post(
    "/orders/{order:str}/returns",
    opt=operation(
        Operation(
            summary="Return goods, money or shipping of an order",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=ReturnBody,
            answers={201: ReturnedOut},
            refusals=(
                *_CONFLICTS,
                "order-cancelled",
                "unknown-line",
                "more-than-bought",
                "more-than-paid",
                "nothing-to-return",
            ),
            parameters=_ORDER,
            example={"lines": [{"line_id": "1", "quantity": 1}], "reason": "damaged"},
        )
    ),
)
async def return_order(request: ApiRequest) -> Response[bytes]:
    """Take back exactly what the returned part had earned, and give back what it had spent."""
    body = await body_of(request, ReturnBody)
    asked = Returning(body.asked(), body.return_id, body.returned_at)

    return await step(
        request, order_ref(request), return_goods, asked, lambda r: answer(201, ReturnedOut.of(r))
    )


@post(
    "/returns",
    opt=operation(
        Operation(
            summary="Return goods or money without naming an order",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=UnnamedReturnBody,
            answers={201: UnnamedReturnOut},
            refusals=("unknown-member", "order-conflict", "instant-out-of-order"),
            example={"member": "ext:C-1047", "lines": [{"sku": "1095275", "quantity": 1}]},
        )
    ),
)
async def return_without_order(request: ApiRequest) -> Response[bytes]:
    """Match a return with the member's latest unreturned sales, as the import does."""
    body = await body_of(request, UnnamedReturnBody)
    asked = Unnamed(body.rows(), body.return_id, body.returned_at, body.reason)

    def render(done: Sorted) -> Answer:
        return answer(201, UnnamedReturnOut.of(done))

    return await step(request, member_of(body.member), return_unnamed, asked, render)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    place_order,
    read_order,
    hold_order,
    pay_order,
    complete_order,
    cancel_order,
    return_order,
    return_without_order,
)
