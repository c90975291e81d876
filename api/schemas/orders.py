"""Shapes of carts and of the order's life on the wire: plain integers in minor units.

What a step answers holds ids, codes and figures only, because answers are stored.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.bodies import RequestInvalid
from api.schemas.types import Code, ExternalId, Instant, Points
from benefits import Cart
from benefits import Line as CartLine
from loyalty.checkout.basket import Basket
from loyalty.checkout.presenting import canonical_code
from loyalty.orders.comebacks import ReturnedRow
from loyalty.orders.completion import Asked as AskedLine
from loyalty.orders.returns import Asked as AskedReturn
from loyalty.orders.returns import GivenBack

MOST_MONEY = 10**12

Money = Annotated[int, Meta(ge=0, le=MOST_MONEY, description="Minor units of the currency.")]
PositiveMoney = Annotated[int, Meta(ge=1, le=MOST_MONEY)]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["USD"])]
LineId = Annotated[str, Meta(min_length=1, max_length=200)]
Word = Annotated[str, Meta(max_length=200)]
Sku = Annotated[str, Meta(min_length=1, max_length=200)]
MemberText = Annotated[
    str, Meta(max_length=210, description="Our id (mem_…) or ext: and the shop's id.")
]


class LineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a cart: a unit price, or an amount for its whole quantity."""

    line_id: LineId
    quantity: Quantity
    sku: Word = ""
    category: Word = ""
    unit_price: Money | None = None
    member_price: Money | None = None
    amount: Money | None = None
    member_amount: Money | None = None
    tax: Money = 0
    earns: bool = True
    qualifies: bool = True
    reason: Code | None = None
    gift_with: LineId | None = None
    brand: Word = ""
    tags: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)
    ] = []

    def line(self, place: int) -> CartLine:
        """Return the line as the rules see it."""
        price, regular, member_amount = self.unit_price, self.amount, self.member_amount
        if (price is None) == (regular is None):
            raise _unfit(place, "unit_price", "either unit_price or amount is expected")
        if price is not None:
            if member_amount is not None:
                raise _unfit(place, "member_amount", "it goes with amount only")
            regular = price * self.quantity
            if self.member_price is not None:
                member_amount = self.member_price * self.quantity
        elif self.member_price is not None:
            raise _unfit(place, "member_price", "it goes with unit_price only")
        if regular is None or regular > MOST_MONEY:
            raise _unfit(place, "unit_price", f"at most {MOST_MONEY} for the quantity")
        return CartLine(
            *(self.line_id, self.sku, self.quantity, regular, self.category, member_amount),
            tax=self.tax,
            earns=self.earns,
            brand=self.brand,
            tags=tuple(dict.fromkeys(self.tags)) if self.tags else (),
        )


class ShippingBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How the order is shipped, and what that costs."""

    price: Money
    method: Word = ""


class TenderBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A means of payment; gift cards and store credit earn like money."""

    kind: Code
    amount: Money


class OrderBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A cart."""

    currency: Currency
    lines: Annotated[list[LineBody], Meta(min_length=1, max_length=1_000)]
    channel: Word = ""
    country: Word = ""
    prices_include_tax: bool = False
    shipping: ShippingBody | None = None
    voucher_codes: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=20)
    ] = []
    points_to_spend: Points = 0
    tenders: Annotated[list[TenderBody], Meta(max_length=20)] = []

    def gifts(self) -> dict[str, str]:
        """Return which line is a gift that comes with which other; a gift costs nothing."""
        paid = {line.line_id for line in self.lines if line.gift_with is None}
        found: dict[str, str] = {}
        if len(paid) == len(self.lines):
            return found
        for place, line in enumerate(self.lines):
            if line.gift_with is None:
                continue
            if line.gift_with not in paid:
                seen = "a line of the order that is no gift is expected"
                raise _unfit(place, "gift_with", seen)
            if line.unit_price or line.amount:
                raise _unfit(place, "gift_with", "a gift costs nothing")
            found[line.line_id] = line.gift_with
        return found

    def basket(self) -> Basket:
        """Return the cart with what was asked for beside it."""
        shipping = self.shipping or ShippingBody(0)
        cart = Cart(
            currency=self.currency,
            lines=tuple([line.line(place) for place, line in enumerate(self.lines)]),
            shipping_method=shipping.method,
            shipping_price=shipping.price,
            channel=self.channel,
            country=self.country,
            prices_include_tax=self.prices_include_tax,
        )
        return Basket(
            cart=cart,
            codes=tuple(dict.fromkeys(canonical_code(code) for code in self.voucher_codes)),
            points=self.points_to_spend,
            unqualified=frozenset(line.line_id for line in self.lines if not line.qualifies),
            exempt={line.line_id: line.reason for line in self.lines if line.reason is not None},
            gifts=self.gifts(),
        )


class QuoteBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose cart is to be quoted; without a member it is a guest's."""

    order: OrderBody
    member: MemberText | None = None


class PlaceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An order: as quoted, or to be priced by us, or priced by the shop."""

    order: OrderBody
    member: MemberText | None = None
    order_id: ExternalId | None = None
    quote: Annotated[str, Meta(min_length=1, max_length=200_000)] | None = None
    priced_by: Literal["us", "shop"] = "us"
    placed_at: Instant | None = None
    paid_at: Instant | None = None
    hold_until: Instant | None = None


class HoldBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Until when an unpaid order keeps its points and vouchers."""

    hold_until: Instant


class PaidBody(Struct, frozen=True, forbid_unknown_fields=True):
    """When the order was paid; now, if nothing is said."""

    paid_at: Instant | None = None


class StepLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a step: its units, and its amount where it weighed less than ordered."""

    line_id: LineId
    quantity: Quantity
    amount: Money | None = None

    def asked(self) -> AskedLine:
        """Return the line as the plan takes it."""
        return AskedLine(self.line_id, self.quantity, self.amount)


class CancelLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a cancellation."""

    line_id: LineId
    quantity: Quantity

    def asked(self) -> AskedLine:
        """Return the line as the plan takes it."""
        return AskedLine(self.line_id, self.quantity)


class CompleteBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What was completed together; no lines means all that is open."""

    shipment: ExternalId = "1"
    completed_at: Instant | None = None
    lines: Annotated[list[StepLineBody], Meta(min_length=1, max_length=1_000)] | None = None


class CancelBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What was cancelled before it was shipped; no lines means all that is open."""

    shipment: ExternalId = "cancel"
    cancelled_at: Instant | None = None
    lines: Annotated[list[CancelLineBody], Meta(min_length=1, max_length=1_000)] | None = None


class ReturnLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of a line that came back, or money refunded for it without them."""

    line_id: LineId
    quantity: Quantity | None = None
    amount: PositiveMoney | None = None

    def given_back(self, pointer: str) -> GivenBack:
        """Return the line as the plan takes it."""
        if (self.quantity is None) == (self.amount is None):
            raise _malformed(f"{pointer}/quantity", "either quantity or amount is expected")
        return GivenBack(self.line_id, self.quantity or 0, self.amount or 0)


class ReturnBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What came back of one order. Shipping is an amount, or true for all that is left of it."""

    lines: Annotated[list[ReturnLineBody], Meta(max_length=1_000)] = []
    amount: PositiveMoney | None = None
    shipping: Money | bool = 0
    reason: Code = "unspecified"
    return_id: ExternalId | None = None
    returned_at: Instant | None = None

    def asked(self) -> AskedReturn:
        """Return what the plan takes."""
        shipping = None if self.shipping is True else int(self.shipping)
        return AskedReturn(
            lines=tuple(
                line.given_back(f"/lines/{place}") for place, line in enumerate(self.lines)
            ),
            amount=self.amount or 0,
            shipping=shipping,
            reason=self.reason,
        )


class ReturnedSkuBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of a SKU that came back; the amount is what the shop gave back for them."""

    sku: Sku
    quantity: Quantity
    amount: Money = 0


class UnnamedReturnBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a member brought back without an order: lines, or an amount."""

    member: MemberText
    lines: Annotated[list[ReturnedSkuBody], Meta(max_length=1_000)] = []
    amount: PositiveMoney | None = None
    reason: Code = "unspecified"
    return_id: ExternalId | None = None
    returned_at: Instant | None = None

    def rows(self) -> list[ReturnedRow]:
        """Return what is to be matched."""
        if bool(self.lines) == (self.amount is not None):
            raise _malformed("/lines", "either lines or an amount is expected")
        if self.amount is not None:
            return [ReturnedRow("", 0, self.amount)]
        return [ReturnedRow(line.sku, line.quantity, line.amount) for line in self.lines]


def _unfit(place: int, field: str, seen: str) -> RequestInvalid:
    return _malformed(f"/order/lines/{place}/{field}", seen)


def _malformed(pointer: str, seen: str) -> RequestInvalid:
    return RequestInvalid(pointer=pointer, seen=seen, reason="malformed")
