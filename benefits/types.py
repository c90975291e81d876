"""The values that travel through the front door: carts, facts, terms and decisions.

Frozen, plain, and pure: no SQLAlchemy, no clock, no arithmetic. Money is integer minor units of
the cart's one currency, points are integers, instants are aware. What a decision has by the dozen
is a struct and no dataclass: making it costs a tenth (decision 0266).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from types import MappingProxyType
from uuid import UUID

from msgspec import Struct

from benefits.counted import Charge, Limit, Reached, Used
from benefits.errors import CartRefused
from benefits.given import Gift, Grant


class Step(IntEnum):
    """The order in which effects work; each works on what the last left."""

    PRICES = 0
    LINES = 1
    ORDERS = 2
    VOUCHERS = 3
    SHIPPING = 4
    POINTS = 5
    EARNING = 6
    ENTITLEMENTS = 7
    GIFTS = 8


# --- the question -----------------------------------------------------------------------------


class Line(Struct, frozen=True, gc=False):
    """One line of a cart; amounts are for its whole quantity."""

    line_id: str
    sku: str
    quantity: int
    regular: int
    category: str = ""
    member_amount: int | None = None
    """What the shop says a member pays for the line, for its whole quantity."""
    tax: int = 0
    """The tax on `regular`; contained in it where the cart says that prices include tax."""
    earns: bool = True
    points_payable: bool = True
    """Whether points may pay for it; not so for gift cards, deposits and fees."""
    brand: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise CartRefused(reason=f"line {self.line_id} has no positive quantity")
        if self.regular < 0 or self.tax < 0 or (self.member_amount or 0) < 0:
            raise CartRefused(reason=f"line {self.line_id} has a negative amount")


@dataclass(frozen=True, slots=True)
class Cart:
    """What is about to be bought."""

    currency: str
    lines: tuple[Line, ...]
    shipping_method: str = ""
    shipping_price: int = 0
    channel: str = ""
    country: str = ""
    prices_include_tax: bool = False

    def __post_init__(self) -> None:
        if not self.lines:
            raise CartRefused(pointer="/order/lines", reason="it has no lines")
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise CartRefused(pointer="/order/lines", reason="two lines have the same line_id")
        if self.shipping_price < 0:
            raise CartRefused(pointer="/order/shipping/price", reason="shipping is negative")


@dataclass(frozen=True, slots=True)
class PresentedVoucher:
    """A voucher code of the cart with what the snapshot knows about it.

    `refusal` is the code of why it cannot be used (`voucher_refusal` computes it from a stored
    voucher; `voucher-not-found` where there is none); None means that it may be used.
    """

    code: str
    id: UUID | None = None
    member: UUID | None = None
    """Whose row it is: the member's, or `FREE` for a voucher bound to nobody."""
    definition: str = ""
    amount: int | None = None
    """Its own value, where its definition leaves the value to the voucher."""
    skus: tuple[str, ...] = ()
    """The SKUs it is good for, where it was issued for some only."""
    limits: tuple[Limit, ...] = ()
    """The limits of its definition, which bind all its vouchers together."""
    refusal: str | None = None
    minimum_order: int = 0
    """What the goods have to come to after discounts on the order."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the language knows about the member at the instant; a guest has the defaults.

    Derived facts only, never personal data: `birthday` holds the windows that are open
    (`birthday_windows` computes them), not a date.
    """

    member: bool = False
    tier: str | None = None
    member_class: str | None = None
    days_since_joining: int | None = None
    birthday: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    order_count: int | None = None
    """Orders placed before this one and not cancelled; None where it is not known (a guest)."""
    plan: str | None = None
    plan_state: str | None = None
    days_since_plan: int | None = None
    days_since_last_order: int | None = None
    """None also where there was none before."""
    lists: tuple[str, ...] = ()
    """The uploaded lists of members that the member is on."""
    held_out: tuple[str, ...] = ()
    """The rules that hold this member out (`held_out_of` computes them)."""


@dataclass(frozen=True, slots=True)
class MemberPrice:
    """What one unit of a SKU costs in a price list at the instant."""

    price_list: str
    sku: str
    amount: int


@dataclass(frozen=True, slots=True)
class PointsTerms:
    """The policy's terms for spending points, the balance, and what was asked for.

    `value` minor units of money for every `per` points.
    """

    available: int = 0
    requested: int = 0
    value: int = 1
    per: int = 1
    minimum: int = 0
    step: int = 1
    max_share_percent: int = 100
    pays_shipping: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """All that an answer depends on, besides the rule set and the engine's revision."""

    cart: Cart
    at: datetime
    facts: Facts = Facts()
    vouchers: tuple[PresentedVoucher, ...] = ()
    prices: tuple[MemberPrice, ...] = ()
    points: PointsTerms = PointsTerms()
    used: tuple[Used, ...] = ()
    """Where the counters stand that the rules look at."""
    event: str | None = None
    """The kind of event that is asked about in place of a cart, whose one line costs nothing."""
    stopped: tuple[str, ...] = ()
    """The rules that were stopped by hand, and give nothing."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise CartRefused(pointer="/order/placed_at", reason="the instant has no offset")


# --- the answer -------------------------------------------------------------------------------


class Discount(Struct, frozen=True, gc=False, array_like=True):
    """What one rule took off one line or off shipping."""

    rule: str
    version: int
    amount: int
    step: Step
    voucher: UUID | None = None


class EarnWhy(Struct, frozen=True, gc=False, array_like=True):
    """One rule's part in the points of a line: exactly one of rate, multiplier and bonus.

    `points` per `per` minor units, or for `each` unit or order; `multiplier` in hundredths;
    `bonus` points of this line.
    """

    rule: str
    version: int
    points: int | None = None
    per: int | None = None
    multiplier: int | None = None
    bonus: int | None = None
    gave: int | None = None
    """The whole points of this line that are the rule's; all of the line's where it is alone."""
    each: str | None = None
    of: int | None = None
    """What the rate works on, where that is not the line's basis: units, or other money."""
    carried: int | None = None
    """Money times points that earlier orders left towards the next point."""
    cut: int | None = None
    """The points that a limit of the rule took off the whole order."""


class LineAnswer(Struct, frozen=True, gc=False, array_like=True):
    """What a line costs and earns, and why."""

    line_id: str
    regular: int
    discounts: tuple[Discount, ...]
    points: int
    points_value: int
    total: int
    basis: int
    """The money that earns: paid after all discounts, without tax and the points-paid part."""
    earn: int
    earn_why: tuple[EarnWhy, ...]


class ShippingAnswer(Struct, frozen=True, gc=False):
    """What shipping costs."""

    regular: int
    discounts: tuple[Discount, ...]
    points: int
    points_value: int
    total: int


class PointsAnswer(Struct, frozen=True, gc=False):
    """What points do to the order. `spendable` is what this cart may take."""

    available: int
    spendable: int
    spend: int
    value: int
    earn: int


class Totals(Struct, frozen=True, gc=False):
    """The order's sums, shipping included."""

    regular: int
    discount: int
    points_value: int
    payable: int


@dataclass(frozen=True, slots=True)
class Unlock:
    """What would make a rule apply.

    Codes: `join`, `reach-tier`, `spend-more`, `buy-more`, `order-more`, `wait-days`,
    `wait-until`, `wait-for-birthday`, `use-channel`, `ship-to`, `ship-by`, `present-code`,
    `present-voucher`.
    """

    code: str
    facts: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Why a rule (or a presented voucher) gave nothing.

    Codes: `condition-not-met`, `condition-excluded` (a `not` that held), `outside-schedule`,
    `no-effect`, `lost-to`, `excluded-by`, `not-better`, `limit-reached`, `budget-short`,
    `held-out`, `stopped`, and the `voucher-…` refusals.
    """

    code: str
    rule: str | None = None
    version: int | None = None
    fact: str | None = None
    operator: str | None = None
    seen: int | str | bool | tuple[str, ...] | None = None
    wanted: int | str | bool | tuple[str, ...] | None = None
    unlock: Unlock | None = None
    other: str | None = None
    """The rule it lost to."""
    voucher_code: str | None = None
    limit: Reached | None = None
    """The limit that left it nothing to give."""


@dataclass(frozen=True, slots=True)
class VoucherAnswer:
    """A presented voucher that took money off or brought a gift: what the order has to reserve."""

    code: str
    id: UUID
    member: UUID
    definition: str
    amount: int


class Applied(Struct, frozen=True, gc=False):
    """A rule that gave something, in all: for limits, statistics and entitlements."""

    rule: str
    version: int
    amount: int
    """Money taken off by it."""
    earned: bool
    """Whether it had a part in the points earned."""
    cut: int = 0
    """Money that limits left it short of."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right that a rule gives: its kind, of what (None: all of the kind), and how much.

    `value` is a number (hours, days), a word (a delivery class), or None for what is held or not.
    """

    kind: str
    subject: str | None
    value: int | str | None
    rule: str
    version: int
    titles: Mapping[str, str]

    @property
    def right(self) -> tuple[str, str | None, int | str | None]:
        """What is held, whichever rule gives it."""
        return self.kind, self.subject, self.value


class Decision(Struct, frozen=True):
    """The answer to a question by one rule set and one engine revision."""

    question: Question
    rule_set: int
    revision: int
    lines: tuple[LineAnswer, ...]
    shipping: ShippingAnswer
    points: PointsAnswer
    totals: Totals
    applied: tuple[Applied, ...]
    vouchers: tuple[VoucherAnswer, ...]
    not_applied: tuple[NotApplied, ...]
    paid: bool = False
    """Whether the order came with what was paid (`evaluate_paid`): only earning was decided."""
    entitlements: tuple[Entitlement, ...] = ()
    """The rights held with this cart, the best of each kind."""
    gifts: tuple[Gift, ...] = ()
    grants: tuple[Grant, ...] = ()
    charges: tuple[Charge, ...] = ()
    """What the order takes of the counters; no part of the text, which says it already."""
    saved: int = 0
    """What the member's plan took off: the order without its rules costs so much more."""
