"""Shapes of the catalogue of rewards, and of what a member is offered from it."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from api.pagination import Cursor, Limit
from api.schemas.types import Code, Instant, Language, Text
from loyalty.rewards.telling import tell_reason, tell_unlock
from loyalty.rewards.types import (
    Draft,
    Kind,
    Offer,
    Reason,
    Reward,
    StockChange,
    TaxClass,
    Terms,
    Version,
)

MOST: int = 10**12
Amount = Annotated[int, Meta(ge=0, le=MOST, description="Minor units, for one.")]
Price = Annotated[int, Meta(ge=1, le=MOST, description="Points, for one.")]
LongText = Annotated[str, Meta(min_length=1, max_length=2_000)]
Reference = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$",
        description="A code under which the shop knows it, such as a delivery note.",
    ),
]
Taxed = Literal["discount", "single-purpose", "multi-purpose"]
Named = Literal["goods", "voucher", "service", "event"]
StateName = Literal["draft", "live", "retired"]


class SpanBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """From an instant until before another; open where none is named."""

    since: Instant | None = None
    until: Instant | None = None


class LimitBody(Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many, for each member or for all together, in each period."""

    per: Literal["member", "all"]
    every: Literal["day", "week", "month", "year", "ever"]
    quantity: Annotated[int, Meta(ge=1, le=MOST)]


class TermsBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a reward says; prices are for one.

    Goods have a `sku`, vouchers a `definition`, places at events an `event_at`. `money` is charged
    by the shop and contains `tax`. `when` is a condition about the member in the language of rules;
    with `hidden` only those see the reward who meet it.
    """

    titles: dict[Language, Text]
    points: Price
    texts: dict[Language, LongText] = {}
    category: Code | None = None
    money: Amount = 0
    tax: Amount = 0
    regular: Amount | None = None
    sku: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    definition: Code | None = None
    event_at: Instant | None = None
    visible: SpanBody = SpanBody()
    available: SpanBody = SpanBody()
    when: dict[str, Any] | None = None
    hidden: bool = False
    limits: Annotated[list[LimitBody], Meta(max_length=10)] = []
    rank: Annotated[int, Meta(ge=0, le=1_000_000)] = 0

    def document(self) -> dict[str, Any]:
        """Return what the catalogue reads."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


class RewardBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A new reward; its code, its kind and whether it is counted stay for good."""

    code: Code
    kind: Named
    terms: TermsBody
    counted: bool = True
    tax_class: Taxed | None = None


class DraftBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What the next version is to say."""

    terms: TermsBody
    tax_class: Taxed | None = None


class TaxClassBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What the points in its price are for tax."""

    tax_class: Taxed


class PublishRewardBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The version the draft was written for (0: none); refused when another came since."""

    after: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class StockBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How many come into stock, or go out of it when negative, and why."""

    amount: Annotated[int, Meta(ge=-MOST, le=MOST)]
    reason: Code
    reference: Reference | None = None


class RewardsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which rewards."""

    state: StateName | None = None
    limit: Limit = 50
    after: Cursor | None = None


class DraftTermsOut(Struct, frozen=True):
    """The draft of the next version."""

    terms: dict[str, Any]
    tax_class: str | None
    needs_finance: bool
    changed_at: Instant

    @classmethod
    def of(cls, draft: Draft) -> "DraftTermsOut":
        """Show the draft."""
        return cls(
            terms=terms_out(draft.terms),
            tax_class=draft.tax_class,
            needs_finance=draft.needs_finance,
            changed_at=draft.changed_at,
        )


class RewardVersionOut(Struct, frozen=True):
    """A version as it was published."""

    version: int
    terms: dict[str, Any]
    tax_class: str
    tax_chosen_by: str | None
    published_at: Instant
    actor: str

    @classmethod
    def of(cls, version: Version) -> "RewardVersionOut":
        """Show the version."""
        return cls(
            version=version.number,
            terms=terms_out(version.terms),
            tax_class=version.tax_class,
            tax_chosen_by=version.tax_chosen_by,
            published_at=version.published_at,
            actor=version.actor,
        )


class RewardOut(Struct, frozen=True):
    """A reward as it stands: what was published last, the draft of what is next, and its stock."""

    code: str
    kind: str
    state: StateName
    counted: bool
    published: RewardVersionOut | None
    draft: DraftTermsOut | None
    stocked: int | None
    taken: int
    left: int | None
    made_at: Instant
    retired_at: Instant | None

    @classmethod
    def of(cls, reward: Reward) -> "RewardOut":
        """Show the reward."""
        published, draft = reward.published, reward.draft
        return cls(
            code=reward.code,
            kind=reward.kind,
            state=reward.state,
            counted=reward.counted,
            published=None if published is None else RewardVersionOut.of(published),
            draft=None if draft is None else DraftTermsOut.of(draft),
            stocked=reward.stocked,
            taken=reward.taken,
            left=reward.left,
            made_at=reward.made_at,
            retired_at=reward.retired_at,
        )


class StockChangeOut(Struct, frozen=True):
    """What came into stock or went out of it other than by orders."""

    amount: int
    reason: str
    reference: str | None
    at: Instant
    actor: str

    @classmethod
    def of(cls, change: StockChange) -> "StockChangeOut":
        """Show the change."""
        return cls(change.amount, change.reason, change.reference, change.at, change.actor)


class ReasonOut(Struct, frozen=True, omit_defaults=True):
    """Why the member cannot have it now, and what would help."""

    code: str
    facts: dict[str, int | str]
    sentence: str
    fact: str | UnsetType = UNSET
    unlock: str | UnsetType = UNSET

    @classmethod
    def of(cls, reason: Reason, language: str, currency: str, zone: ZoneInfo) -> "ReasonOut":
        """Show the reason in a language."""
        unlock = tell_unlock(reason, language, currency)
        return cls(
            code=reason.code,
            facts=dict(reason.facts),
            sentence=tell_reason(reason, language, currency, zone),
            fact=UNSET if reason.told is None or not reason.told.fact else reason.told.fact,
            unlock=UNSET if unlock is None else unlock,
        )


class OfferOut(Struct, frozen=True):
    """A reward as one member sees it."""

    reward: str
    kind: str
    version: int
    titles: dict[str, str]
    texts: dict[str, str]
    category: str | None
    points: int
    money: int
    tax: int
    regular: int | None
    currency: str
    event_at: Instant | None
    available_since: Instant | None
    available_until: Instant | None
    stock: Literal["unlimited", "in-stock", "few-left", "sold-out"]
    left: int | None
    can_order: bool
    why_not: list[ReasonOut]

    @classmethod
    def of(cls, offer: Offer, language: str, zone: ZoneInfo) -> "OfferOut":
        """Show the offer in a language."""
        terms = offer.terms
        return cls(
            reward=offer.reward,
            kind=offer.kind,
            version=offer.version,
            titles=dict(terms.titles),
            texts=dict(terms.texts),
            category=terms.category,
            points=terms.points,
            money=terms.money,
            tax=terms.tax,
            regular=terms.regular,
            currency=offer.currency,
            event_at=terms.event_at,
            available_since=terms.available.since,
            available_until=terms.available.until,
            stock=offer.stock,
            left=offer.left,
            can_order=offer.can_order,
            why_not=[
                ReasonOut.of(reason, language, offer.currency, zone) for reason in offer.why_not
            ],
        )


class OffersOut(Struct, frozen=True):
    """What the member may see of the catalogue, in its order."""

    items: list[OfferOut]


def terms_out(terms: Terms) -> dict[str, Any]:
    """Show terms as they are stored."""
    shown: dict[str, Any] = msgspec.to_builtins(terms)
    return shown


def tax_class_of(text: Taxed | None) -> TaxClass | None:
    """Read a tax class."""
    return None if text is None else TaxClass(text)


def kind_of(text: Named) -> Kind:
    """Read a kind."""
    return Kind(text)
