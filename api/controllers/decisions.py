"""The decision of an order: what was decided by what, and whether it comes out the same today."""

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, application_of, order_ref
from api.operation import Operation, operation
from api.schemas.decisions import DecisionOut, ReplayOut, replay_out
from api.writing import ok
from loyalty.checkout.sentences import speaks
from loyalty.ids import show
from loyalty.keys import Role
from loyalty.orders.decisions import read_decision, replay_decision
from loyalty.orders.reading import find_order_by

_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})
_ORDER: Final = {"order": "Our id (ord_…) or ext: and the shop's id."}


@get(
    "/orders/{order:str}/decision",
    opt=operation(
        Operation(
            summary="Read what an order was decided by",
            tag="orders",
            roles=_READERS,
            answers={200: DecisionOut},
            refusals=("unknown-order",),
            parameters=_ORDER,
        )
    ),
)
async def show_decision(request: ApiRequest) -> Response[bytes]:
    """Answer the stored text, its facts, and every rule that the order concerned, in words."""
    application = application_of(request)
    async with application.database.snapshot() as connection:
        found = await find_order_by(connection, order_ref(request))
        decided = await read_decision(connection, application.programme, found)
    return ok(DecisionOut.of(decided, speaks(request.headers.get("accept-language", ""))))


@get(
    "/orders/{order:str}/decision/replay",
    opt=operation(
        Operation(
            summary="Decide an order again and compare",
            tag="orders",
            roles=_READERS,
            answers={200: ReplayOut},
            refusals=("unknown-order", "engine-revision-unknown", "decision-damaged"),
            parameters=_ORDER,
        )
    ),
)
async def replay_order(request: ApiRequest) -> Response[bytes]:
    """Answer whether the same question to the same rules gives the same bytes; changes nothing."""
    application = application_of(request)
    async with application.database.snapshot() as connection:
        found = await find_order_by(connection, order_ref(request))
        replayed = await replay_decision(connection, application.programme, found)
    return ok(replay_out(show("ord", found.order.id), replayed))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (show_decision, replay_order)
