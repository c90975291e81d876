"""An order that is placed again: the same content is a replay, other content is a conflict. Pure.

What was placed is compared field by field with what is asked now, so that the conflict can name
the first difference. Instants that are not asked are those recorded.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from benefits import Cart, Question, question_document
from loyalty.checkout.basket import Basket
from loyalty.orders.steps import conflict, same_instant
from loyalty.orders.types import Order, PricedBy

STEP = "order"


def refuse_other_content(
    recorded: Order,
    document: str,
    basket: Basket,
    *,
    member: UUID | None,
    priced_by: PricedBy,
    placed_at: datetime | None,
    paid_at: datetime | None,
) -> None:
    """Raise `OrderConflict` naming the first field that is recorded otherwise than asked."""
    cart = basket.cart
    whose = "a guest" if recorded.guest else str(recorded.member)
    conflict(
        STEP,
        {
            "member": (whose, "a guest" if member is None else str(member)),
            "priced_by": (recorded.priced_by.value, priced_by.value),
            "currency": (recorded.currency, cart.currency),
            "lines": (_text(_sold(recorded)), _text(_asked(cart))),
            "shipping": (
                _text([recorded.shipping_method, recorded.shipping_regular]),
                _text([cart.shipping_method, cart.shipping_price]),
            ),
            "channel": (recorded.channel, cart.channel),
            "country": (recorded.country, cart.country),
            "placed_at": same_instant(recorded.placed_at, placed_at),
            "gift_with": (_text(_gifts(recorded)), _text(basket.gifts)),
        },
    )
    if paid_at is not None and recorded.paid_at is not None:
        conflict(STEP, {"paid_at": same_instant(recorded.paid_at, paid_at)})
    if recorded.priced_by is PricedBy.US:
        _refuse_other_question(msgspec.json.decode(document), basket, recorded.placed_at)


def _refuse_other_question(document: Mapping[str, Any], basket: Basket, at: datetime) -> None:
    asked = document["question"]
    now = question_document(Question(basket.cart, at))
    codes = sorted(voucher["code"] for voucher in asked["vouchers"])
    conflict(
        STEP,
        {
            "cart": (_text(asked["cart"]), _text(now["cart"])),
            "points_to_spend": (str(asked["points"].get("requested", 0)), str(basket.points)),
            "voucher_codes": (_text(codes), _text(sorted(basket.codes))),
        },
    )


def _sold(order: Order) -> list[tuple[object, ...]]:
    return [
        (
            *(line.line_id, line.sku, line.category, line.quantity, line.figures.regular),
            *(line.brand, line.tags),
        )
        for line in order.lines
    ]


def _gifts(order: Order) -> Mapping[str, str]:
    names = {line.line_no: line.line_id for line in order.lines}
    return {line.line_id: names[line.gift_with] for line in order.lines if line.gift_with}


def _asked(cart: Cart) -> list[tuple[object, ...]]:
    return [
        (
            *(line.line_id, line.sku, line.category, line.quantity, line.regular),
            *(line.brand, line.tags),
        )
        for line in cart.lines
    ]


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
