"""What a member has besides points: rights that rules give, and rewards that points buy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.visit import Visit
from admin.words import N_, Badge, named
from loyalty.entitlements import entitlements_of
from loyalty.members import Member
from loyalty.rewards.offering import offers_to
from loyalty.rewards.telling import tell_reason
from loyalty.rewards.types import Offer
from loyalty.telling import tell_entitlement

MOST_OFFERS: Final = 12
STOCKS: Final = {
    "few-left": (N_("Few left"), "warn"),
    "sold-out": (N_("Sold out"), "bad"),
}


@dataclass(frozen=True, slots=True)
class OfferView:
    """A reward as the member sees it: its price, and why it cannot be had now."""

    title: str
    words: str
    price: str
    regular: str | None
    stock: Badge | None
    why_not: tuple[str, ...]
    can_order: bool


async def rights_of(connection: AsyncConnection, visit: Visit, member: Member) -> Sequence[str]:
    """What the member is entitled to today, one sentence each."""
    programme = visit.application.programme
    held = await entitlements_of(connection, programme, member, at=visit.at)
    return [
        tell_entitlement(one.entitlement, visit.voice.name, until=one.until, zone=visit.policy.zone)
        for one in held.items
    ]


async def offers_of(
    connection: AsyncConnection, visit: Visit, member: Member
) -> Sequence[OfferView]:
    """The rewards that the member may see, those that can be had first."""
    found = await offers_to(connection, visit.application.programme, member, at=visit.at)
    ready = sorted(found, key=lambda one: not one.can_order)
    return [_offer(visit, one) for one in ready[:MOST_OFFERS]]


def _offer(visit: Visit, one: Offer) -> OfferView:
    voice, terms = visit.voice, one.terms
    points = voice.count("%(number)s point", "%(number)s points", terms.points)
    price = points
    if terms.money:
        money = voice.money(terms.money, one.currency)
        price = voice.say("%(points)s and %(money)s", points=points, money=money)
    stock = STOCKS.get(one.stock)
    return OfferView(
        title=named(voice, terms.titles, one.reward),
        words=named(voice, terms.texts, ""),
        price=price,
        regular=None if terms.regular is None else voice.money(terms.regular, one.currency),
        stock=None if stock is None else Badge(voice.say(stock[0]), stock[1]),
        why_not=tuple(
            tell_reason(each, voice.name, one.currency, visit.policy.zone)
            for each in one.why_not
            if each.code != "sold-out"
        ),
        can_order=one.can_order,
    )
