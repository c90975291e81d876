"""Rewards, what is said of them, and orders of them: frozen values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from benefits import NotApplied

REWARD_ORDER: Final = "rwo"
"""How ids of orders of rewards begin."""

State = Literal["draft", "live", "retired"]
Stock = Literal["unlimited", "in-stock", "few-left", "sold-out"]


class Kind(StrEnum):
    """What a reward is; it decides how an order of it is fulfilled."""

    GOODS = "goods"
    VOUCHER = "voucher"
    SERVICE = "service"
    EVENT = "event"


class TaxClass(StrEnum):
    """What the points in its price are for tax: a discount, or what a voucher stands for."""

    DISCOUNT = "discount"
    SINGLE_PURPOSE = "single-purpose"
    MULTI_PURPOSE = "multi-purpose"


class OrderState(StrEnum):
    """Where an order of a reward stands."""

    ORDERED = "ordered"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class Per(StrEnum):
    """Whose orders a limit counts."""

    MEMBER = "member"
    ALL = "all"


class Every(StrEnum):
    """How long a limit counts before it begins anew, in the programme's time zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until before another; open where none is named."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many, for each member or for all together, in each period."""

    per: Per
    every: Every
    quantity: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version of a reward says; prices are for one.

    `money` is charged by the shop and contains `tax`; `regular` is what it costs without points.
    With `hidden` only those see it who meet `when`; `rank` orders the list, lowest first.
    """

    titles: Mapping[str, str]
    points: int
    texts: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    money: int = 0
    tax: int = 0
    regular: int | None = None
    sku: str | None = None
    definition: str | None = None
    event_at: datetime | None = None
    visible: Span = Span()
    available: Span = Span()
    when: Mapping[str, object] | None = None
    hidden: bool = False
    limits: tuple[Limit, ...] = ()
    rank: int = 0

    @property
    def points_alone(self) -> bool:
        """Whether points alone buy it."""
        return self.money == 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What the next version would say; `tax_chosen_by` is who in finance chose the class."""

    terms: Terms
    tax_class: TaxClass | None
    tax_chosen_by: str | None
    changed_at: datetime

    @property
    def needs_finance(self) -> bool:
        """Whether finance has yet to choose its tax class before it can be published."""
        return self.terms.points_alone and self.tax_chosen_by is None


@dataclass(frozen=True, slots=True)
class Version:
    """A published version; it never changes. `tiers` are those its conditions were read with."""

    number: int
    terms: Terms
    tiers: tuple[str, ...]
    tax_class: TaxClass
    tax_chosen_by: str | None
    published_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward as it stands: what was published last, the draft of what is next, and its stock.

    What was published is live until the reward is retired. What is not `counted` has no stock and
    never runs out.
    """

    id: UUID
    code: str
    kind: Kind
    counted: bool
    made_at: datetime
    retired_at: datetime | None
    published: Version | None
    draft: Draft | None
    stocked: int | None
    taken: int

    @property
    def state(self) -> State:
        """Whether it is in the making, can be had, or is no more."""
        if self.retired_at is not None:
            return "retired"
        return "draft" if self.published is None else "live"

    @property
    def version(self) -> int:
        """The number of the version published last; 0 before the first."""
        return 0 if self.published is None else self.published.number

    @property
    def left(self) -> int | None:
        """How many there are still; None where they are not counted."""
        return None if self.stocked is None else self.stocked - self.taken


@dataclass(frozen=True, slots=True)
class StockChange:
    """What came into stock or went out of it other than by orders, and why."""

    id: UUID
    amount: int
    reason: str
    reference: str | None
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Price:
    """What an order of a reward comes to, for its whole quantity.

    `points_value` is what the points were worth on the day; `taxable` is what tax is due on now.
    """

    points: int
    money: int
    tax: int
    regular: int | None
    points_value: int
    taxable: int
    tax_class: TaxClass
    currency: str


@dataclass(frozen=True, slots=True)
class RewardOrder:
    """An order of a reward; `fulfilment` is the shop's code of what was sent or handed out."""

    member: UUID
    id: UUID
    external_id: str | None
    reward: str
    kind: Kind
    version: int
    titles: Mapping[str, str]
    sku: str | None
    quantity: int
    state: OrderState
    price: Price
    voucher: UUID | None
    voucher_code: str | None
    ordered_at: datetime
    fulfilled_at: datetime | None
    fulfilment: str | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    restocked: bool | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a member cannot have a reward now; `told` is a condition that is not met.

    Codes: `not-yet-available`, `no-longer-available`, `event-over`, `sold-out`, `points-short`,
    `limit-reached`, `period-sold-out`, `condition-not-met`, `condition-excluded`,
    `wallet-frozen`, `member-blocked`.
    """

    code: str
    facts: Mapping[str, int | str] = field(default_factory=dict)
    told: NotApplied | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward as one member sees it: its price, whether there is some, and why not."""

    reward: str
    kind: Kind
    version: int
    terms: Terms
    currency: str
    stock: Stock
    left: int | None
    why_not: tuple[Reason, ...]

    @property
    def can_order(self) -> bool:
        """Whether the member may order one now."""
        return not self.why_not
