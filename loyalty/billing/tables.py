"""Tables of billing by Stripe: who is who there, what it told us, and what we asked of it.

Only ids, codes and instants of Stripe's; amounts stand with the membership, personal data nowhere.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.plans.tables import plan_price
from loyalty.schema import Instant, Key, metadata
from loyalty.tables import member

#: Tables that belong to the programme and not to one member; a test keeps the list.
PROGRAMME_WIDE: Final = frozenset(
    {
        "stripe_price",  # what our prices are called at Stripe
        "stripe_event",  # hints that came in; whom they concern is found at Stripe
        "stripe_lease",  # who may project a subscription just now
        "stripe_comparison",  # how far we and Stripe had drifted apart
    }
)


class _CustomerColumns(TypedColumns):
    member: Named[UUID]
    customer: Named[str] = Column(Key)
    made_at: Named[datetime] = Column(Instant)


#: What a member is called at Stripe: one customer for each, for ever. That a customer is of one
#: member stands in `name`.
stripe_customer: Final = Table(
    "stripe_customer",
    metadata,
    _CustomerColumns,
    PrimaryKeyConstraint("member", name="stripe_customer_is_one_per_member"),
    ForeignKeyConstraint(["member"], [member.c.id], name="stripe_customer_is_a_member"),
    CheckConstraint("customer ~ '^cus_[0-9A-Za-z_]+$'", name="stripe_customer_is_an_id"),
)


class _PriceColumns(TypedColumns):
    stripe_price: Named[str] = Column(Key)
    price: Named[UUID]
    product: Named[str] = Column(Key)
    adopted: Named[bool] = Column(Boolean)
    made_at: Named[datetime] = Column(Instant)
    closed_at: Named[datetime | None] = Column(Instant)


#: What the price of a plan is called at Stripe, and until when it can be bought there. We make one
#: for each; those that were there before are adopted.
stripe_price: Final = Table(
    "stripe_price",
    metadata,
    _PriceColumns,
    PrimaryKeyConstraint("stripe_price", name="stripe_price_is_of_one_price"),
    ForeignKeyConstraint(["price"], [plan_price.c.id], name="stripe_price_is_of_a_plan"),
    CheckConstraint("closed_at >= made_at", name="stripe_price_closes_after_it_was_made"),
    Index("stripe_price_is_made_once", "price", unique=True, postgresql_where=text("not adopted")),
)


class _EventColumns(TypedColumns):
    id: Named[str] = Column(Key)
    type: Named[str] = Column(Key)
    api_version: Named[str | None] = Column(Key)
    subject: Named[str] = Column(Key)
    subscription: Named[str | None] = Column(Key)
    payment_intent: Named[str | None] = Column(Key)
    source: Named[str] = Column(Key)
    happened_at: Named[datetime] = Column(Instant)
    received_at: Named[datetime] = Column(Instant)
    next_at: Named[datetime | None] = Column(Instant)
    attempts: Named[int] = Column(Integer, server_default="0")
    handled_at: Named[datetime | None] = Column(Instant)
    failed_at: Named[datetime | None] = Column(Instant)
    outcome: Named[str | None] = Column(Key)


#: The inbox: each event of Stripe's once, until it has been looked into.
stripe_event: Final = Table(
    "stripe_event",
    metadata,
    _EventColumns,
    PrimaryKeyConstraint("id", name="stripe_event_comes_in_once"),
    CheckConstraint("id ~ '^evt_[0-9A-Za-z_]+$'", name="stripe_event_is_an_id"),
    CheckConstraint("source in ('webhook', 'sweep')", name="stripe_event_source_is_known"),
    CheckConstraint("attempts >= 0", name="stripe_event_attempts_are_counted"),
    CheckConstraint(
        "num_nonnulls(next_at, handled_at, failed_at) = 1",
        name="stripe_event_waits_or_is_handled_or_failed",
    ),
    CheckConstraint(
        "next_at is not null or outcome is not null", name="stripe_event_ends_with_an_outcome"
    ),
    Index("stripe_event_by_due_time", "next_at", postgresql_where=text("next_at is not null")),
    Index("stripe_event_newest_first", "received_at", "id"),
)


class _LeaseColumns(TypedColumns):
    subscription: Named[str] = Column(Key)
    fence: Named[int] = Column(BigInteger)
    until: Named[datetime] = Column(Instant)


#: Who may project a subscription: the holder of the highest number, which is committed before
#: Stripe is asked.
stripe_lease: Final = Table(
    "stripe_lease",
    metadata,
    _LeaseColumns,
    PrimaryKeyConstraint("subscription", name="stripe_lease_is_one_per_subscription"),
    CheckConstraint("fence > 0", name="stripe_lease_fence_is_positive"),
)


class _OperationColumns(TypedColumns):
    member: Named[UUID]
    key: Named[str] = Column(Key)
    deed: Named[str] = Column(Key)
    subscription: Named[str | None] = Column(Key)
    asked: Named[dict[str, Any]] = Column(JSONB)
    asked_at: Named[datetime] = Column(Instant)
    done_at: Named[datetime | None] = Column(Instant)
    refused: Named[str | None] = Column(Key)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: What we ask of Stripe, saved under its idempotency key before the call.
stripe_operation: Final = Table(
    "stripe_operation",
    metadata,
    _OperationColumns,
    PrimaryKeyConstraint("member", "key", name="stripe_operation_is_asked_once_per_key"),
    ForeignKeyConstraint(["member"], [member.c.id], name="stripe_operation_is_about_a_member"),
    CheckConstraint("length(key) between 1 and 255", name="stripe_operation_key_fits"),
    CheckConstraint("deed ~ '^[a-z][a-z-]{0,39}$'", name="stripe_operation_deed_is_a_code"),
    CheckConstraint(
        "refused is null or done_at is not null", name="stripe_operation_refused_is_done"
    ),
    CheckConstraint(
        "deed not in ('refund', 'refund-settled') or asked ?& array['of', 'attempt']",
        name="stripe_operation_refund_says_which_try",
    ),
    Index("stripe_operation_under_way", "asked_at", postgresql_where=text("done_at is null")),
    Index("stripe_operation_refused", "asked_at", postgresql_where=text("refused is not null")),
)


class _CheckoutColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    price: Named[UUID]
    trial: Named[bool] = Column(Boolean)
    consent_text: Named[str] = Column(Key)
    consent_version: Named[str] = Column(Key)
    session: Named[str | None] = Column(Key)
    opened_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: A page of Stripe's on which a member was to join, and the text that was agreed to before.
stripe_checkout: Final = Table(
    "stripe_checkout",
    metadata,
    _CheckoutColumns,
    PrimaryKeyConstraint("member", "id", name="stripe_checkout_has_one_row"),
    UniqueConstraint("member", "session", name="stripe_checkout_session_is_kept_once"),
    ForeignKeyConstraint(["member"], [member.c.id], name="stripe_checkout_is_of_a_member"),
    ForeignKeyConstraint(["price"], [plan_price.c.id], name="stripe_checkout_is_for_a_price"),
)


class _ComparisonColumns(TypedColumns):
    id: Named[UUID]
    begun_at: Named[datetime] = Column(Instant)
    compared: Named[int] = Column(Integer)
    drifted: Named[int] = Column(Integer)
    repaired: Named[int] = Column(Integer)
    unknown: Named[int] = Column(Integer)


#: What a night's comparison with Stripe found: how many subscriptions, how many had drifted.
stripe_comparison: Final = Table(
    "stripe_comparison",
    metadata,
    _ComparisonColumns,
    PrimaryKeyConstraint("id", name="stripe_comparison_has_one_row"),
    CheckConstraint(
        "compared >= 0 and unknown >= 0 and drifted >= 0 and repaired between 0 and drifted",
        name="stripe_comparison_adds_up",
    ),
)
