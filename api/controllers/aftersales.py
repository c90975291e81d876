"""What becomes of an order beside shipments and returns: exchange, chargeback, claim, delivery."""

from typing import Final

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, order_ref
from api.bodies import RequestInvalid, body_of
from api.controllers.checkout import member_of
from api.operation import Operation, operation
from api.schemas.aftersales import (
    ChargebackBody,
    ChargedBackOut,
    ClaimBody,
    ClaimedOut,
    DeliveredBody,
    DeliveredOut,
    ExchangeBody,
    ExchangedOut,
)
from api.stepping import step
from api.writing import answer
from loyalty.idempotency import Answer
from loyalty.keys import Role
from loyalty.orders.aftersales.charging_back import ChargedBack, charge_back
from loyalty.orders.aftersales.claiming import Claiming, claim
from loyalty.orders.aftersales.delivering import Delivered, Delivering, deliver
from loyalty.orders.aftersales.exchanging import Exchanged, Exchanging, exchange
from loyalty.orders.placing import NewOrder
from loyalty.orders.returning import Returning
from loyalty.orders.types import PricedBy

_ROLES: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_ORDER: Final = {"order": "Our id (ord_…) or ext: and the shop's id."}
_CONFLICTS: Final = ("unknown-order", "order-conflict", "instant-out-of-order")
_SOLD: Final = {
    "currency": "USD",
    "lines": [{"line_id": "1", "sku": "1095276", "quantity": 1, "amount": 999}],
}


@post(
    "/orders/{order:str}/exchange",
    opt=operation(
        Operation(
            summary="Exchange: return of an order and place another, in one step",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=ExchangeBody,
            answers={201: ExchangedOut},
            refusals=(
                *_CONFLICTS,
                "order-cancelled",
                "unknown-line",
                "more-than-bought",
                "more-than-paid",
                "nothing-to-return",
                "quote-mismatch",
                "token-expired",
                "points-short",
                "points-over-available",
                "voucher-used-up",
                "hold-too-long",
                "not-for-shop-prices",
                "foreign-currency",
            ),
            parameters=_ORDER,
            example={
                "return": {"lines": [{"line_id": "1", "quantity": 1}], "reason": "wrong-size"},
                "order_id": "S-1002",
                "order": _SOLD,
            },
        )
    ),
)
async def exchange_order(request: ApiRequest) -> Response[bytes]:
    """Take back what is returned and place what replaces it: either both stand or neither."""
    body = await body_of(request, ExchangeBody)
    if body.returned.returned_at is not None:
        pointer = "/return/returned_at"
        raise RequestInvalid(pointer=pointer, seen="use exchanged_at", reason="malformed")
    asked = Exchanging(
        Returning(body.returned.asked(), body.returned.return_id, body.exchanged_at),
        NewOrder(
            basket=body.order.basket(),
            name=body.order_id,
            quote=body.quote,
            priced_by=PricedBy(body.priced_by),
            placed_at=body.exchanged_at,
            paid_at=body.paid_at,
            hold_until=body.hold_until,
        ),
    )

    def render(done: Exchanged) -> Answer:
        shown = ExchangedOut.of(done)
        return answer(201, shown, location=f"/v1/orders/{shown.order.order}")

    return await step(request, order_ref(request), exchange, asked, render)


@post(
    "/orders/{order:str}/chargeback",
    opt=operation(
        Operation(
            summary="Record a chargeback",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=ChargebackBody,
            answers={201: ChargedBackOut},
            refusals=(*_CONFLICTS, "nothing-paid"),
            parameters=_ORDER,
            example={"chargeback_id": "dp_1", "reason": "fraudulent"},
        )
    ),
)
async def charge_back_order(request: ApiRequest) -> Response[bytes]:
    """Take back what the order had earned, and lock the wallet until that was reviewed."""
    body = await body_of(request, ChargebackBody)
    asked = body.asked()

    def render(done: ChargedBack) -> Answer:
        return answer(201, ChargedBackOut.of(done))

    return await step(request, order_ref(request), charge_back, asked, render)


@post(
    "/orders/{order:str}/claim",
    status_code=200,
    opt=operation(
        Operation(
            summary="Claim a guest's order for the member who placed it",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=ClaimBody,
            answers={200: ClaimedOut},
            refusals=(
                "unknown-order",
                "unknown-member",
                "order-conflict",
                "not-a-guests-order",
                "order-claimed",
                "claim-too-late",
                "member-closed",
            ),
            parameters=_ORDER,
            example={"member": "ext:C-1047", "proof": "same-email"},
        )
    ),
)
async def claim_order(request: ApiRequest) -> Response[bytes]:
    """Make a guest's order its buyer's: what was shipped of it earns and counts."""
    body = await body_of(request, ClaimBody)
    asked = Claiming(order_ref(request), body.proof)

    return await step(
        request, member_of(body.member), claim, asked, lambda c: answer(200, ClaimedOut.of(c))
    )


@post(
    "/orders/{order:str}/delivered",
    status_code=200,
    opt=operation(
        Operation(
            summary="Record that shipments were delivered",
            tag="orders",
            roles=_ROLES,
            key="required",
            confirms_key=True,
            body=DeliveredBody,
            answers={200: DeliveredOut},
            refusals=(*_CONFLICTS, "unknown-shipment"),
            parameters=_ORDER,
            example={"shipment": "P-1", "delivered_at": "2026-11-24T14:05:00+01:00"},
        )
    ),
)
async def deliver_order(request: ApiRequest) -> Response[bytes]:
    """Make points available that waited for the delivery, where the policy says so."""
    body = await body_of(request, DeliveredBody)
    asked = Delivering(body.shipment, body.delivered_at)

    def render(done: Delivered) -> Answer:
        return answer(200, DeliveredOut.of(done))

    return await step(request, order_ref(request), deliver, asked, render)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    exchange_order,
    charge_back_order,
    claim_order,
    deliver_order,
)
