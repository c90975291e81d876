"""Shapes of what a member could get, now and with the next tiers."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from api.schemas.types import Instant, MemberId
from benefits import NearOffer, Offer, needs_sentence, offer_sentence
from loyalty.checkout.reach import Ahead, Reach
from loyalty.checkout.sentences import reason_sentence, unlock_sentence
from loyalty.ids import show
from loyalty.money import written
from tiers import Ladder


@dataclass(frozen=True, slots=True)
class Telling:
    """In which language, currency and names offers are told."""

    language: str
    currency: str
    names: Mapping[str, str]

    @classmethod
    def of(cls, ladder: Ladder | None, language: str, currency: str) -> "Telling":
        """Call tiers as the ladder does."""
        tiers = () if ladder is None else ladder.tiers
        names = {f"tier:{each.code}": each.name.get(language, each.code) for each in tiers}
        return cls(language, currency, names)

    def money(self, minor: int) -> str:
        """Write minor units with their currency."""
        return f"{written(minor, self.currency)} {self.currency}"


class OfferOut(Struct, frozen=True):
    """A rule that gives something, in words; `needs` is what the cart has to be like for it."""

    rule: str
    version: int
    titles: dict[str, str]
    sentence: str
    needs: str | None

    @classmethod
    def of(cls, offer: Offer, telling: Telling) -> "OfferOut":
        """Show an offer."""
        return cls(*_offer(offer, telling))


class NearOfferOut(OfferOut, frozen=True):
    """A rule that one thing keeps from the member: what, and what would bring it."""

    code: str
    fact: str | None
    message: str
    unlock: str | None

    @classmethod
    def near(cls, near: NearOffer, telling: Telling) -> "NearOfferOut":
        """Show an offer that is near, and the reason."""
        reason, language, currency = near.reason, telling.language, telling.currency
        return cls(
            *_offer(near.offer, telling),
            code=reason.code,
            fact=reason.fact,
            message=reason_sentence(reason, language, currency),
            unlock=unlock_sentence(reason.unlock, language, currency),
        )


class AheadOut(Struct, frozen=True):
    """What a tier, or a plan, would add to what stands before it in the list."""

    by: str
    code: str
    name: str
    adds: list[OfferOut]

    @classmethod
    def of(cls, ahead: Ahead, telling: Telling) -> "AheadOut":
        """Show what a tier would add."""
        name = telling.names.get(f"tier:{ahead.tier}", ahead.tier)
        return cls("tier", ahead.tier, name, [OfferOut.of(each, telling) for each in ahead.adds])


class BenefitsOut(Struct, frozen=True):
    """What a member could get: now, with one thing more, and with the tiers ahead; nearest first.

    `left_off` is how many of those of now are not told.
    """

    member: MemberId
    at: Instant
    rule_set: int
    tier: str | None
    items: list[OfferOut]
    left_off: int
    near: list[NearOfferOut]
    would_add: list[AheadOut]

    @classmethod
    def of(cls, reach: Reach, telling: Telling) -> "BenefitsOut":
        """Show what a member could get."""
        return cls(
            member=show("mem", reach.member),
            at=reach.at,
            rule_set=reach.rule_set,
            tier=reach.tier,
            items=[OfferOut.of(each, telling) for each in reach.now],
            left_off=reach.left_off,
            near=[NearOfferOut.near(each, telling) for each in reach.near],
            would_add=[AheadOut.of(each, telling) for each in reach.ahead],
        )


def _offer(offer: Offer, telling: Telling) -> tuple[str, int, dict[str, str], str, str | None]:
    language, money, names = telling.language, telling.money, telling.names
    said = offer_sentence(offer, language=language, money=money, names=names)
    needs = needs_sentence(offer, language=language, money=money, names=names)
    return offer.rule.name, offer.version, dict(offer.rule.titles), said, needs
