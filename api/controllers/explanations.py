"""An order that explains itself."""

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, application_of, order_ref, principal_of
from api.operation import Operation, operation
from api.schemas.explanations import ExplanationOut
from api.writing import ok
from loyalty.checkout.sentences import speaks
from loyalty.members import UnknownOrder, absorbed_members
from loyalty.orders.explained import explain_order
from loyalty.orders.reading import find_order_by


@get(
    "/orders/{order:str}/explanation",
    opt=operation(
        Operation(
            summary="Explain every cent and point of an order",
            tag="orders",
            roles=frozenset({"checkout", "admin", "finance", "member"}),
            answers={200: ExplanationOut},
            refusals=("unknown-order",),
            parameters={"order": "Our id (ord_…) or ext: and the shop's id."},
        )
    ),
)
async def explain(request: ApiRequest) -> Response[bytes]:
    """Answer what each line costs and earns and why, and what every step did to the points.

    A member sees their own orders only.
    """
    ref, own, application = (
        order_ref(request),
        principal_of(request).member,
        application_of(request),
    )
    async with application.database.snapshot() as connection:
        found = await find_order_by(connection, ref)
        theirs = own is None or found.order.member == own
        if not theirs and own is not None:
            theirs = found.order.member in await absorbed_members(connection, own)
        if not theirs:
            raise UnknownOrder(seen=ref.text[:80])
        told = await explain_order(connection, application.programme, found.order.id)
    return ok(ExplanationOut.of(told, speaks(request.headers.get("accept-language", ""))))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (explain,)
