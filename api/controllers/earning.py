"""Why an order earns what it earns: for the help desk, and for the member whose order it is."""

from typing import Final

from litestar import Response, get

from api.auth import ApiRequest, application_of, order_ref, principal_of
from api.operation import EVERYBODY, Operation, operation
from api.schemas.earning import EarningOut
from api.writing import ok
from loyalty.checkout.sentences import speaks
from loyalty.members import UnknownOrder, absorbed_members
from loyalty.orders.explaining import tell_earning
from loyalty.orders.reading import find_order_by


@get(
    "/orders/{order:str}/earning",
    opt=operation(
        Operation(
            summary="Read why an order earns what it earns",
            tag="orders",
            roles=EVERYBODY,
            answers={200: EarningOut},
            refusals=("unknown-order",),
            parameters={"order": "Our id (ord_…) or ext: and the shop's id."},
        )
    ),
)
async def read_earning(request: ApiRequest) -> Response[bytes]:
    """Answer by line which version of which rule gave how many points; a member sees their own."""
    ref, own = order_ref(request), principal_of(request).member
    application = application_of(request)
    language = speaks(request.headers.get("accept-language", ""))
    async with application.database.snapshot() as connection:
        found = await find_order_by(connection, ref)
        theirs = own in (None, found.order.member)
        if own is not None and not theirs:
            theirs = found.order.member in await absorbed_members(connection, own)
        if not theirs:
            raise UnknownOrder(seen=ref.text[:80])
        told = await tell_earning(connection, application.programme, found)
    return ok(EarningOut.of(told, language))


ROUTES: Final = (read_earning,)
