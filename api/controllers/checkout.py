"""The call that a shop makes for every cart."""

import asyncio
from typing import Final

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, application_of, principal_of
from api.bodies import body_of
from api.headers import header
from api.operation import Operation, operation
from api.schemas.checkout import QuoteOut
from api.schemas.listing import ProductPriceOut, ProductPricesBody, ProductPricesOut
from api.schemas.orders import QuoteBody
from api.writing import now_of, ok
from loyalty.checkout.listing import asked_for, refuse_unlisted, unit_prices
from loyalty.checkout.quote import asked_of, quote
from loyalty.checkout.sentences import speaks
from loyalty.ids import MalformedId
from loyalty.issuing.guessing import tell_guesses
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

_AT_ONCE: Final = 20
"""After so many products of a list others get their turn."""


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
                "too-many-unknown-codes",
            ),
            example={"member": "ext:C-1047", "order": _CART},
        )
    ),
)
async def quote_cart(request: ApiRequest) -> Response[bytes]:
    """Answer what the member, or a guest, gets for the cart; nothing is written."""
    body = await body_of(request, QuoteBody)
    application, principal, at = application_of(request), principal_of(request), now_of(request)
    basket = body.order.basket()
    asked = asked_of(member_of(body.member), basket, at=at, api_key=principal.key)
    try:
        snapshot = await application.snapshots.take(asked)
        answered = quote(application.programme, basket, asked, snapshot)
    except KeyEnded:
        application.keys.forget(principal.key)
        raise
    await tell_guesses(application.database, answered.guessers, wrong=answered.wrong, at=at)
    return ok(QuoteOut.of(answered, speaks(header(request, b"accept-language"))))


@post(
    "/checkout/prices",
    status_code=200,
    opt=operation(
        Operation(
            summary="Price a list of products",
            tag="checkout",
            roles=frozenset({"checkout", "admin"}),
            confirms_key=True,
            body=ProductPricesBody,
            answers={200: ProductPricesOut},
            refusals=(
                "too-many-skus",
                "unknown-member",
                "member-closed",
                "tier-unknown",
                "foreign-currency",
            ),
            example={
                "member": "ext:C-1047",
                "currency": "USD",
                "items": [{"sku": "1095275", "category": "PASTRY", "unit_price": 450}],
            },
        )
    ),
)
async def price_products(request: ApiRequest) -> Response[bytes]:
    """Answer what one unit of each product costs and earns, by what holds in every cart.

    Left out is what asks about the cart or waits for a voucher, what is shared by several units
    and what is given once for an order. A guest sees the price of somebody who joins now beside
    their own.
    """
    body = await body_of(request, ProductPricesBody)
    application, principal, at = application_of(request), principal_of(request), now_of(request)
    listing = body.listing(member_of(body.member))
    asked = asked_for(listing, at=at, api_key=principal.key)
    try:
        snapshot = await application.snapshots.take(asked)
        refuse_unlisted(listing, snapshot)
    except KeyEnded:
        application.keys.forget(principal.key)
        raise
    items = []
    for place, price in enumerate(unit_prices(listing, snapshot, at), start=1):
        items.append(ProductPriceOut.of(price))
        if not place % _AT_ONCE:
            await asyncio.sleep(0)
    tier = listing.tier or snapshot.tier
    return ok(ProductPricesOut(snapshot.rule_set.version, body.currency, tier, items))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (quote_cart, price_products)
