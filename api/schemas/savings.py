"""Shapes of what a membership saved: amounts are whole minor units of the plan's currency."""

from datetime import date

from msgspec import Struct

from api.schemas.types import Instant
from loyalty import savings
from loyalty.ids import show
from loyalty.membership.types import PREFIX


class SavedOrderOut(Struct, frozen=True):
    """One order: what was saved when it was placed, and what of it counts by now."""

    order: str
    placed_at: Instant
    saved: int
    counted: int
    waiting: int

    @classmethod
    def of(cls, order: savings.SavedOrder) -> "SavedOrderOut":
        """Show the order."""
        return cls(
            order=show("ord", order.order),
            placed_at=order.placed_at,
            saved=order.saved,
            counted=order.counted,
            waiting=order.waiting,
        )


class SavingsOut(Struct, frozen=True, rename={"from_": "from"}):
    """What a membership saved since it began: `saved` was shipped and stayed, `waiting` is to come.

    `fee` is what was paid less what was given back, tax included. `used` says whether anything of
    the plan was used at all. `orders` are the newest.
    """

    membership: str
    plan: str
    from_: Instant
    to: Instant
    currency: str
    saved: int
    waiting: int
    fee: int
    used: bool
    orders: list[SavedOrderOut]

    @classmethod
    def of(cls, told: savings.Savings) -> "SavingsOut":
        """Show what was saved."""
        return cls(
            membership=show(PREFIX, told.membership.id),
            plan=told.membership.plan,
            from_=told.since,
            to=told.until,
            currency=told.currency,
            saved=told.saved,
            waiting=told.waiting,
            fee=told.fee,
            used=told.used,
            orders=[SavedOrderOut.of(order) for order in told.orders],
        )


class PlanFiguresOut(Struct, frozen=True, rename={"from_": "from"}):
    """What a plan brought and cost in the months, in members and in minor units net of tax.

    `members` had it at some time; `lost` had it at the start and have left. `benefits` is what its
    rules took off orders of these months that were shipped and stayed. Of `payers`, `gained` saved
    at least what they paid, tax included. `result` is revenue less benefits. `reasons` counts why
    memberships ended, of those who said it.
    """

    plan: str
    from_: date
    to: date
    currency: str
    at_start: int
    joined: int
    lost: int
    at_end: int
    members: int
    trials_over: int
    trials_paid: int
    revenue: int
    benefits: int
    benefits_per_member: int
    payers: int
    gained: int
    result: int
    reasons: dict[str, int]

    @classmethod
    def of(cls, told: savings.PlanFigures) -> "PlanFiguresOut":
        """Show the figures."""
        return cls(
            plan=told.plan,
            from_=told.since,
            to=told.until,
            currency=told.currency,
            at_start=told.at_start,
            joined=told.joined,
            lost=told.lost,
            at_end=told.at_end,
            members=told.members,
            trials_over=told.trials_over,
            trials_paid=told.trials_paid,
            revenue=told.revenue,
            benefits=told.benefits,
            benefits_per_member=told.benefits_per_member,
            payers=told.payers,
            gained=told.gained,
            result=told.result,
            reasons=dict(told.reasons),
        )
