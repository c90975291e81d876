"""Shapes of plans of paid membership."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.schemas.activities import Titles
from api.schemas.types import Code, Instant
from loyalty.plans.types import NewPlan, NewPrice, Plan, Price

MOST_MONEY: int = 10**12

AdapterName = Literal["stripe", "external"]
EveryName = Literal["month", "year"]
TaxName = Literal["inclusive", "exclusive"]
RefundPolicyName = Literal["full-if-unused", "pro-rata", "none"]
Whole = Annotated[int, Meta(ge=0, le=10**12)]


class PriceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What the plan costs for a month or a year, in minor units, with or without tax in it."""

    code: Code
    every: EveryName
    amount: Annotated[int, Meta(ge=-MOST_MONEY, le=MOST_MONEY)]
    tax: TaxName = "inclusive"


class PlanBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan, whole: it is never edited afterwards.

    `adapter` says who charges: `external` is the shop, which reports what was paid. `grace_days`
    is how long access outlives a payment that failed, `margin_hours` how long a renewal is awaited.
    """

    code: Code
    titles: Titles
    prices: Annotated[list[PriceBody], Meta(max_length=20)]
    adapter: AdapterName = "external"
    tier_floor: Code | None = None
    trial_days: Whole = 0
    trial_needs_card: bool = False
    bonus_points: Whole = 0
    grace_days: Whole = 0
    margin_hours: Whole = 2
    refund_policy: RefundPolicyName = "full-if-unused"
    withdrawal_days: Whole = 14

    def asked(self) -> NewPlan:
        """Return what the use case takes."""
        return NewPlan(
            code=self.code,
            titles=self.titles,
            prices=tuple(NewPrice(p.code, p.every, p.amount, p.tax) for p in self.prices),
            adapter=self.adapter,
            tier_floor=self.tier_floor,
            trial_days=self.trial_days,
            trial_needs_card=self.trial_needs_card,
            bonus_points=self.bonus_points,
            grace_days=self.grace_days,
            margin_hours=self.margin_hours,
            refund_policy=self.refund_policy,
            withdrawal_days=self.withdrawal_days,
        )


class PriceOut(Struct, frozen=True):
    """A price of a plan."""

    code: str
    every: EveryName
    amount: int
    tax: TaxName
    archived_at: Instant | None

    @classmethod
    def of(cls, price: Price) -> "PriceOut":
        """Show the price."""
        return cls(price.code, price.every, price.amount, price.tax, price.archived_at)


class PlanOut(Struct, frozen=True):
    """A plan with its prices; nobody joins an archived one."""

    code: str
    adapter: AdapterName
    titles: dict[str, str]
    currency: str
    prices: list[PriceOut]
    tier_floor: str | None
    trial_days: int
    trial_needs_card: bool
    bonus_points: int
    grace_days: int
    margin_hours: int
    refund_policy: RefundPolicyName
    withdrawal_days: int
    opened_at: Instant
    archived_at: Instant | None

    @classmethod
    def of(cls, plan: Plan) -> "PlanOut":
        """Show the plan."""
        return cls(
            code=plan.code,
            adapter=plan.adapter,
            titles=dict(plan.titles),
            currency=plan.currency,
            prices=[PriceOut.of(price) for price in plan.prices],
            tier_floor=plan.tier_floor,
            trial_days=plan.trial_days,
            trial_needs_card=plan.trial_needs_card,
            bonus_points=plan.bonus_points,
            grace_days=plan.grace_days,
            margin_hours=plan.margin_hours,
            refund_policy=plan.refund_policy,
            withdrawal_days=plan.withdrawal_days,
            opened_at=plan.opened_at,
            archived_at=plan.archived_at,
        )


class PlansOut(Struct, frozen=True):
    """Every plan, the archived ones too."""

    items: list[PlanOut]
