"""Shapes of what products cost and earn in a list."""

from typing import Annotated

from msgspec import Meta, Struct

from api.bodies import RequestInvalid
from api.schemas.checkout import DiscountOut, EarnWhyOut, discount_out, why_out
from api.schemas.orders import Currency, MemberText, Money, Sku, Word
from api.schemas.types import Code
from benefits import Cart
from benefits import Line as CartLine
from loyalty.checkout.listing import MOST_SKUS, Listing, UnitPrice
from loyalty.members import Ref


class ProductBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A product as the shop knows it; prices are of one unit."""

    sku: Sku
    unit_price: Money
    category: Word = ""
    member_price: Money | None = None
    tax: Money = 0
    brand: Word = ""
    tags: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)
    ] = []


class ProductPricesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Products, and who looks at them: a member or anybody of a tier; without either a guest."""

    currency: Currency
    items: Annotated[
        list[ProductBody], Meta(min_length=1, description=f"At most {MOST_SKUS} products.")
    ]
    member: MemberText | None = None
    tier: Code | None = None
    channel: Word = ""
    country: Word = ""
    prices_include_tax: bool = False

    def listing(self, ref: Ref | None) -> Listing:
        """Return the list as the checkout sees it."""
        if ref is not None and self.tier is not None:
            seen = "either a member or a tier is expected"
            raise RequestInvalid(pointer="/tier", seen=seen, reason="malformed")
        lines = tuple(_line(place, item) for place, item in enumerate(self.items))
        cart = Cart(
            currency=self.currency,
            lines=lines,
            channel=self.channel,
            country=self.country,
            prices_include_tax=self.prices_include_tax,
        )
        return Listing(cart, ref, self.tier)


class ProductPriceOut(Struct, frozen=True):
    """What a unit costs whoever looks, and what it costs and earns a member, by which rules."""

    sku: str
    regular: int
    price: int
    discounts: list[DiscountOut]
    member_price: int
    member_discounts: list[DiscountOut]
    points: int
    earn_why: list[EarnWhyOut]

    @classmethod
    def of(cls, price: UnitPrice) -> "ProductPriceOut":
        """Show a price."""
        return cls(
            sku=price.sku,
            regular=price.regular,
            price=price.price,
            discounts=[discount_out(each) for each in price.discounts],
            member_price=price.member_price,
            member_discounts=[discount_out(each) for each in price.member_discounts],
            points=price.points,
            earn_why=[why_out(each) for each in price.earn_why],
        )


class ProductPricesOut(Struct, frozen=True):
    """The prices of products, in the order in which they were asked for; a list is no promise."""

    rule_set: int
    currency: str
    tier: str | None
    items: list[ProductPriceOut]


def _line(place: int, item: ProductBody) -> CartLine:
    return CartLine(
        line_id=str(place),
        sku=item.sku,
        quantity=1,
        regular=item.unit_price,
        category=item.category,
        member_amount=item.member_price,
        tax=item.tax,
        brand=item.brand,
        tags=tuple(dict.fromkeys(item.tags)),
    )
