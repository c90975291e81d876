"""What products cost and earn in a list, for a member, for a tier or for a guest.

One statement reads whoever asks; then every SKU is decided as a cart of one unit by what holds for
single units in every cart (`benefits.unit_rules`). Nothing is signed: a list is no promise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import tiers
from benefits import (
    Cart,
    Discount,
    EarnWhy,
    Facts,
    LineAnswer,
    MemberPrice,
    evaluate,
    unit_rules,
)
from loyalty.checkout.basket import Basket, newcomer, question_of, refuse_unfit
from loyalty.checkout.snapshot import Asked, Snapshot
from loyalty.errors import LoyaltyError
from loyalty.keys import KeyEnded
from loyalty.members import Ref, UnknownMember

MOST_SKUS: Final = 200


class TooManySkus(LoyaltyError):
    """A list of prices is of {wanted} SKUs at most, and {seen} were named."""

    code = "too-many-skus"
    seen: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Products, each a line of one unit, and who looks at them: a member, a tier, else a guest."""

    cart: Cart
    ref: Ref | None = None
    tier: str | None = None

    def __post_init__(self) -> None:
        """Refuse a list that is too long."""
        if len(self.cart.lines) > MOST_SKUS:
            raise TooManySkus(seen=len(self.cart.lines), wanted=MOST_SKUS, pointer="/items")


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of a SKU costs whoever looks, and what it costs and earns a member.

    The two are the same but for guests, who see what they would pay had they joined just now.
    """

    sku: str
    regular: int
    price: int
    discounts: tuple[Discount, ...]
    member_price: int
    member_discounts: tuple[Discount, ...]
    points: int
    earn_why: tuple[EarnWhy, ...]


def asked_for(listing: Listing, *, at: datetime, api_key: UUID | None = None) -> Asked:
    """Return what the prices depend on besides the products."""
    skus = [line.sku for line in listing.cart.lines]
    return Asked(listing.ref, at, at, skus, (), api_key=api_key)


def refuse_unlisted(listing: Listing, snapshot: Snapshot) -> None:
    """Refuse what has no prices.

    Raises KeyEnded, UnknownMember, MemberClosed, MemberMerged, ForeignCurrency and TierUnknown.
    """
    if not snapshot.key_stands:
        raise KeyEnded
    if listing.ref is not None and snapshot.member is None:
        raise UnknownMember(seen=listing.ref.text[:80], pointer="/member")
    refuse_unfit(Basket(listing.cart), snapshot, currency_at="/currency")
    known = () if snapshot.ladder is None else [tier.code for tier in snapshot.ladder.tiers]
    if listing.tier is not None and listing.tier not in known:
        raise tiers.TierUnknown(pointer="/tier", seen=listing.tier, wanted=", ".join(known))


def unit_prices(listing: Listing, snapshot: Snapshot, at: datetime) -> Iterator[UnitPrice]:
    """Decide every product as a cart of one unit. Pure; the caller may rest between two."""
    rules = unit_rules(snapshot.rule_set)
    asked = question_of(Basket(listing.cart), snapshot, at)
    if listing.tier is not None:
        asked = replace(asked, facts=_anybody_of(listing.tier))
    as_member = None if asked.facts.member else newcomer(snapshot)
    by_sku: dict[str, tuple[MemberPrice, ...]] = {}
    for price in asked.prices:
        by_sku[price.sku] = (*by_sku.get(price.sku, ()), price)
    for line in listing.cart.lines:
        cart = replace(listing.cart, lines=(line,))
        question = replace(asked, cart=cart, prices=by_sku.get(line.sku, ()))
        seen = evaluate(rules, question).lines[0]
        member = seen
        if as_member is not None:
            member = evaluate(rules, replace(question, facts=as_member)).lines[0]
        yield _unit_price(line.sku, seen, member)


def _anybody_of(tier: str) -> Facts:
    """What is known of a member of whom only the tier is: no birthday, no number of orders."""
    return Facts(member=True, tier=tier, member_class="consumer")


def _unit_price(sku: str, seen: LineAnswer, member: LineAnswer) -> UnitPrice:
    return UnitPrice(
        sku=sku,
        regular=seen.regular,
        price=seen.total,
        discounts=seen.discounts,
        member_price=member.total,
        member_discounts=member.discounts,
        points=member.earn,
        earn_why=member.earn_why,
    )
