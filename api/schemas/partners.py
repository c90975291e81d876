"""Shapes of partner benefits: what a plan has, the codes of it, and which a member was given."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.schemas.activities import Titles
from api.schemas.types import Code, Instant
from loyalty.ids import show
from loyalty.partners.types import PREFIX, Benefit, Given, NewBenefit, Stock

EachName = Literal["membership", "period"]
AtEndName = Literal["keep", "void"]
PartnerCode = Annotated[
    str,
    Meta(pattern="^[!-~]{1,100}$", description="A partner's code.", examples=["MUSIC-7Q2K-19"]),
]


class BenefitBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner gives: one code for each membership, or for each paid period of it.

    `at_end` says whether a code stays good when the membership ends, or the partner is to void it.
    """

    code: Code
    titles: Titles
    each: EachName = "membership"
    at_end: AtEndName = "keep"

    def asked(self) -> NewBenefit:
        """Return what the use case takes."""
        return NewBenefit(self.code, self.titles, self.each, self.at_end)


class CodesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Codes that the partner made."""

    codes: Annotated[list[PartnerCode], Meta(min_length=1, max_length=1_000)]


class CodesOut(Struct, frozen=True):
    """How many codes are new, and how many were there."""

    added: int
    known: int


class BenefitOut(Struct, frozen=True):
    """A partner benefit, with how many codes are left and how many were given."""

    plan: str
    code: str
    titles: dict[str, str]
    each: EachName
    at_end: AtEndName
    opened_at: Instant
    archived_at: Instant | None
    left: int
    given: int

    @classmethod
    def of(cls, benefit: Benefit, stock: Stock | None) -> "BenefitOut":
        """Show the benefit."""
        stock = stock or Stock(0, 0)
        return cls(
            plan=benefit.plan,
            code=benefit.code,
            titles=dict(benefit.titles),
            each=benefit.each,
            at_end=benefit.at_end,
            opened_at=benefit.opened_at,
            archived_at=benefit.archived_at,
            left=stock.left,
            given=stock.given,
        )


class BenefitsOut(Struct, frozen=True):
    """Every partner benefit of a plan, the archived ones too."""

    items: list[BenefitOut]


class GivenOut(Struct, frozen=True):
    """A partner's code that a member was given; a voided one is honoured no more."""

    id: str
    benefit: str
    code: str
    given_at: Instant
    voided_at: Instant | None

    @classmethod
    def of(cls, given: Given) -> "GivenOut":
        """Show the code."""
        return cls(
            show(PREFIX, given.id), given.benefit, given.code, given.given_at, given.voided_at
        )


class OfferOut(Struct, frozen=True):
    """A partner benefit as a member of the plan sees it, with the codes they were given."""

    benefit: str
    titles: dict[str, str]
    each: EachName
    codes: list[GivenOut]


class OffersOut(Struct, frozen=True):
    """What partners give with a membership."""

    items: list[OfferOut]

    @classmethod
    def of(cls, benefits: Sequence[Benefit], given: Sequence[Given]) -> "OffersOut":
        """Show what is open, and what was given of what is not."""
        return cls(
            [
                OfferOut(each.code, dict(each.titles), each.each, codes)
                for each in benefits
                if (codes := [GivenOut.of(one) for one in given if one.benefit == each.code])
                or each.archived_at is None
            ]
        )
