"""Plans and their prices, as they are asked for and as they are stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Adapter = Literal["stripe", "external"]
"""Who charges for a plan: Stripe, or the shop by other means."""
Every = Literal["month", "year"]
Tax = Literal["inclusive", "exclusive"]
RefundPolicy = Literal["full-if-unused", "pro-rata", "none"]
"""What is given back when somebody leaves at once, of the period that is paid."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a plan costs for a month or a year, in minor units; never edited."""

    id: UUID
    plan: str
    code: str
    every: Every
    amount: int
    tax: Tax
    opened_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price as somebody asks for it."""

    code: str
    every: Every
    amount: int
    tax: Tax = "inclusive"


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A plan as somebody asks for it."""

    code: str
    titles: Mapping[str, str]
    prices: tuple[NewPrice, ...]
    adapter: Adapter = "external"
    tier_floor: str | None = None
    trial_days: int = 0
    trial_needs_card: bool = False
    bonus_points: int = 0
    grace_days: int = 0
    margin_hours: int = 2
    refund_policy: RefundPolicy = "full-if-unused"
    withdrawal_days: int = 14


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sold for a fee: published once, archived, never edited."""

    code: str
    adapter: Adapter
    titles: Mapping[str, str]
    currency: str
    tier_floor: str | None
    trial_days: int
    trial_needs_card: bool
    bonus_points: int
    grace_days: int
    margin_hours: int
    refund_policy: RefundPolicy
    withdrawal_days: int
    opened_at: datetime
    archived_at: datetime | None = None
    prices: tuple[Price, ...] = ()

    @property
    def grace(self) -> timedelta:
        """How long access outlives what was paid, once a payment failed or did not come."""
        return timedelta(days=self.grace_days)

    @property
    def margin(self) -> timedelta:
        """How long a renewal is awaited before it counts as missing."""
        return timedelta(hours=self.margin_hours)
