"""Tables of plans: what is sold for a fee, and its prices.

Both are published once and never edited; only their archiving moves.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, metadata

PROGRAMME_WIDE: Final = frozenset({"plan", "plan_price"})  # what is sold, and what it costs

CODE: Final = "^[a-z][a-z0-9-]{0,39}$"


class _PlanColumns(TypedColumns):
    code: Named[str] = Column(Key)
    adapter: Named[str] = Column(Key)
    titles: Named[dict[str, str]] = Column(JSONB)
    currency: Named[str] = Column(Key)
    tier_floor: Named[str | None] = Column(Key)
    trial_days: Named[int] = Column(Integer)
    trial_needs_card: Named[bool] = Column(Boolean)
    bonus_points: Named[int] = Column(BigInteger)
    grace_days: Named[int] = Column(Integer)
    margin_hours: Named[int] = Column(Integer)
    refund_policy: Named[str] = Column(Key)
    withdrawal_days: Named[int] = Column(Integer)
    opened_at: Named[datetime] = Column(Instant)
    archived_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


plan: Final = Table(
    "plan",
    metadata,
    _PlanColumns,
    PrimaryKeyConstraint("code", name="plan_code_is_taken_once"),
    CheckConstraint(f"code ~ '{CODE}'", name="plan_code_is_a_code"),
    CheckConstraint("adapter in ('stripe', 'external')", name="plan_adapter_is_known"),
    CheckConstraint("jsonb_typeof(titles) = 'object'", name="plan_titles_are_an_object"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="plan_currency_is_a_code"),
    CheckConstraint(
        "trial_days between 0 and 730 and (trial_days > 0 or not trial_needs_card)",
        name="plan_trial_is_possible",
    ),
    CheckConstraint("bonus_points >= 0", name="plan_bonus_points_not_negative"),
    CheckConstraint("grace_days between 0 and 60", name="plan_grace_is_possible"),
    CheckConstraint("margin_hours between 1 and 72", name="plan_margin_is_possible"),
    CheckConstraint(
        "refund_policy in ('full-if-unused', 'pro-rata', 'none')",
        name="plan_refund_policy_is_known",
    ),
    CheckConstraint("withdrawal_days between 0 and 365", name="plan_withdrawal_is_possible"),
    CheckConstraint("archived_at >= opened_at", name="plan_is_archived_after_it_was_opened"),
)


class _PriceColumns(TypedColumns):
    id: Named[UUID]
    plan: Named[str] = Column(Key)
    code: Named[str] = Column(Key)
    every: Named[str] = Column(Key)
    amount: Named[int] = Column(BigInteger)
    tax: Named[str] = Column(Key)
    opened_at: Named[datetime] = Column(Instant)
    archived_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


plan_price: Final = Table(
    "plan_price",
    metadata,
    _PriceColumns,
    PrimaryKeyConstraint("id", name="plan_price_has_one_row"),
    UniqueConstraint("plan", "code", name="plan_price_code_is_taken_once"),
    UniqueConstraint("plan", "id", name="plan_price_is_of_one_plan"),
    ForeignKeyConstraint(["plan"], [plan.c.code], name="plan_price_is_of_a_plan"),
    CheckConstraint(f"code ~ '{CODE}'", name="plan_price_code_is_a_code"),
    CheckConstraint("every in ('month', 'year')", name="plan_price_rhythm_is_known"),
    CheckConstraint("amount > 0", name="plan_price_amount_is_positive"),
    CheckConstraint("tax in ('inclusive', 'exclusive')", name="plan_price_tax_is_known"),
    CheckConstraint("archived_at >= opened_at", name="plan_price_is_archived_after_it_was_opened"),
)
