"""Shapes of what an order brings besides money off and points: gifts, and vouchers for later."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

import benefits
from loyalty.ids import show
from loyalty.orders.granted import GiftGiven, Given, Granted, Withdrawal


class GiftGivenOut(Struct, frozen=True):
    """Units of a SKU that come with the order for nothing; the shop adds the line."""

    rule: str
    version: int
    sku: str
    quantity: int
    choose: list[str]

    @classmethod
    def of(cls, gift: GiftGiven) -> "GiftGivenOut":
        """Show a gift."""
        return cls(gift.rule, gift.version, gift.sku, gift.quantity, list(gift.choose))


class PromisedOut(Struct, frozen=True):
    """Vouchers that the member gets once the order is completed."""

    rule: str
    version: int
    definition: str
    quantity: int


class GrantedOut(Struct, frozen=True):
    """A voucher that the member got for the order."""

    voucher: str
    code: str
    definition: str
    rule: str
    expires_at: datetime | None

    @classmethod
    def of(cls, granted: Granted) -> "GrantedOut":
        """Show a voucher."""
        return cls(
            voucher=show("vou", granted.voucher),
            code=benefits.show_code(granted.code),
            definition=granted.definition,
            rule=granted.rule,
            expires_at=granted.expires_at,
        )


class WithdrawnOut(Struct, frozen=True):
    """What is lost with the last of an order that came back.

    `vouchers` may be used no more. Of those in `used` a use was made or set aside already, and only
    what was left of them is lost. `gifts` are due back that no line of the order stands for.
    """

    vouchers: list[str]
    used: list[str]
    gifts: list[GiftGivenOut]


def gifts_out(given: Given) -> list[GiftGivenOut]:
    """Show the gifts of a decision."""
    return [GiftGivenOut.of(each) for each in given.gifts]


def promised_out(given: Given) -> list[PromisedOut]:
    """Show the vouchers that a decision promises."""
    return [
        PromisedOut(each.rule, each.version, each.definition, each.quantity)
        for each in given.promises
    ]


def granted_out(granted: Sequence[Granted]) -> list[GrantedOut]:
    """Show the vouchers that came with an order."""
    return [GrantedOut.of(each) for each in granted]


def withdrawn_out(*lost: Withdrawal) -> WithdrawnOut:
    """Show what is lost with one return, of one order or of several."""
    return WithdrawnOut(
        vouchers=[show("vou", each.voucher) for one in lost for each in one.unused],
        used=[show("vou", each.voucher) for one in lost for each in one.used],
        gifts=[GiftGivenOut.of(gift) for one in lost for gift in one.gifts],
    )
