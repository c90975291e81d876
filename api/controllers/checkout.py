"""The call that a shop makes for every cart."""

from typing import Final

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, application_of, principal_of
from api.bodies import body_of
from api.operation import Operation, operation
from api.schemas.checkout import QuoteOut
from api.schemas.orders import QuoteBody
from api.writing import now_of, ok
from loyalty.checkout.quote import quote
from loyalty.checkout.sentences import speaks
from loyalty.ids import MalformedId
from loyalty.keys import KeyEnded
from loyalty.members import Ref, UnknownMember, read_member_ref

_CART: Final = {
    "currency": "USD",
    "channel": "web",
    "country": "US",
    "lines": [
        {
            "line_id": "1",
            "sku": "1095275",
            "category": "PASTRY",
            "quantity": 2,
            "unit_price": 450,
            "member_price": 399,
        }
    ],
    "shipping": {"method": "standard", "price": 590},
}


def member_of(text: str | None) -> Ref | None:
    """Return whom a body names; None is a guest, and a malformed id names nobody."""
    if text is None:
        return None
    try:
        ref = read_member_ref(text)
    except MalformedId:
        raise UnknownMember(seen=text[:80], pointer="/member") from None
    return Ref(ref.kind, ref.text, ref.external, ref.id, "/member")


@post(
    "/checkout/quotes",
    status_code=200,
    opt=operation(
        Operation(
            summary="Quote a cart",
            tag="checkout",
            roles=frozenset({"checkout", "admin"}),
            confirms_key=True,
            body=QuoteBody,
            answers={200: QuoteOut},
            refusals=(
                "unknown-member",
                "member-closed",
                "foreign-currency",
                "cart-refused",
                "points-over-available",
                "points-over-spendable",
                "points-under-minimum",
                "points-off-step",
            ),
            example={"member": "ext:C-1047", "order": _CART},
        )
    ),
)
async def quote_cart(request: ApiRequest) -> Response[bytes]:
    """Answer what the member, or a guest, gets for the cart; nothing is written."""
    body = await body_of(request, QuoteBody)
    application, principal = application_of(request), principal_of(request)
    basket = body.order.basket()
    try:
        async with application.database.read() as connection:
            answered = await quote(
                connection,
                application.programme,
                member_of(body.member),
                basket,
                at=now_of(request),
                api_key=principal.key,
            )
    except KeyEnded:
        application.keys.forget(principal.key)
        raise
    return ok(QuoteOut.of(answered, speaks(request.headers.get("accept-language", ""))))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (quote_cart,)
