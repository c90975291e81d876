"""Tables of paid membership: memberships, their timeline, charges, refunds, who had a trial.

The timeline, charges and refunds are facts added; of a charge only what was refunded of it moves.
A member has one row that has not ended.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.plans.tables import plan_price
from loyalty.schema import Instant, Key, metadata
from loyalty.tables import member

PROGRAMME_WIDE: Final = frozenset(
    {
        "trial_secret",  # keys the prints
        "trial_print",  # who had a trial, though their account is gone: a keyed hash
    }
)

_CODE: Final = "^[a-z][a-z0-9-]{0,39}$"
_REFERENCE: Final = "^[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}$"


class _MembershipColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    adapter: Named[str] = Column(Key)
    reference: Named[str] = Column(Key)
    plan: Named[str] = Column(Key)
    price: Named[UUID]
    state: Named[str] = Column(Key)
    began_at: Named[datetime] = Column(Instant)
    trial_ends_at: Named[datetime | None] = Column(Instant)
    period_start: Named[datetime | None] = Column(Instant)
    period_end: Named[datetime | None] = Column(Instant)
    cancel_at: Named[datetime | None] = Column(Instant)
    cancel_asked_at: Named[datetime | None] = Column(Instant)
    past_due_since: Named[datetime | None] = Column(Instant)
    grace_ends_at: Named[datetime | None] = Column(Instant)
    paused_at: Named[datetime | None] = Column(Instant)
    late_from: Named[datetime | None] = Column(Instant)
    access_until: Named[datetime] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    end_cause: Named[str | None] = Column(Key)
    next_price: Named[UUID | None]
    consent_text: Named[str | None] = Column(Key)
    consent_version: Named[str | None] = Column(Key)
    consent_at: Named[datetime | None] = Column(Instant)
    foretold_end: Named[datetime | None] = Column(Instant)
    version: Named[int] = Column(Integer)
    fence: Named[int] = Column(BigInteger)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


membership: Final = Table(
    "membership",
    metadata,
    _MembershipColumns,
    PrimaryKeyConstraint("member", "id", name="membership_has_one_row"),
    UniqueConstraint("member", "adapter", "reference", name="membership_reference_is_taken_once"),
    ForeignKeyConstraint(["member"], [member.c.id], name="membership_is_of_a_member"),
    ForeignKeyConstraint(
        ["plan", "price"],
        [plan_price.c.plan, plan_price.c.id],
        name="membership_has_a_price_of_its_plan",
    ),
    ForeignKeyConstraint(["next_price"], [plan_price.c.id], name="membership_next_price_is_one"),
    CheckConstraint("adapter in ('stripe', 'external')", name="membership_adapter_is_known"),
    CheckConstraint(f"reference ~ '{_REFERENCE}'", name="membership_reference_is_a_code"),
    CheckConstraint(
        "state in ('trial', 'active', 'past-due', 'paused', 'ended')",
        name="membership_state_is_known",
    ),
    CheckConstraint(
        "state <> 'trial' or trial_ends_at is not null", name="membership_trial_has_an_end"
    ),
    CheckConstraint("trial_ends_at > began_at", name="membership_trial_ends_after_it_began"),
    CheckConstraint(
        "(period_start is null) = (period_end is null) and period_end > period_start",
        name="membership_period_is_whole",
    ),
    CheckConstraint(
        "state <> 'active' or period_end is not null", name="membership_active_has_a_period"
    ),
    CheckConstraint(
        "(cancel_at is null) = (cancel_asked_at is null)",
        name="membership_cancellation_is_whole",
    ),
    CheckConstraint(
        "(past_due_since is null) = (grace_ends_at is null)"
        " and grace_ends_at >= past_due_since"
        " and (state <> 'past-due' or past_due_since is not null)",
        name="membership_grace_is_whole",
    ),
    CheckConstraint(
        "(state = 'paused') = (paused_at is not null)", name="membership_pause_is_whole"
    ),
    CheckConstraint(
        "(state = 'ended') = (ended_at is not null)"
        " and (ended_at is null) = (end_cause is null) and ended_at >= began_at",
        name="membership_end_is_whole",
    ),
    CheckConstraint(
        "late_from is null or past_due_since is null and ended_at is null",
        name="membership_is_late_once",
    ),
    CheckConstraint("access_until <= ended_at", name="membership_gives_nothing_once_ended"),
    CheckConstraint(
        "num_nulls(consent_text, consent_version, consent_at) in (0, 3)",
        name="membership_consent_is_whole",
    ),
    CheckConstraint("version > 0", name="membership_version_is_positive"),
    CheckConstraint("fence >= 0", name="membership_fence_not_negative"),
    postgresql_with={"fillfactor": "80"},
)
Index(
    "membership_is_live_once",
    membership.c.member,
    unique=True,
    postgresql_where=membership.c.ended_at.is_(None),
)
Index("membership_by_id", membership.c.id)
Index(
    "membership_by_end_of_access",
    membership.c.access_until,
    postgresql_where=membership.c.ended_at.is_(None),
)
Index(
    "membership_by_lateness",
    membership.c.late_from,
    postgresql_where=membership.c.late_from.is_not(None),
)
Index("membership_by_plan", membership.c.plan, membership.c.state, membership.c.id)


class _ChangeColumns(TypedColumns):
    member: Named[UUID]
    membership: Named[UUID]
    number: Named[int] = Column(Integer, autoincrement=False)
    cause: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    before: Named[str | None] = Column(Key)
    after: Named[str] = Column(Key)
    data: Named[dict[str, Any]] = Column(JSONB)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: The timeline of a membership: every change with its cause, numbered without gaps.
membership_change: Final = Table(
    "membership_change",
    metadata,
    _ChangeColumns,
    PrimaryKeyConstraint(
        "member", "membership", "number", name="membership_change_is_numbered_once"
    ),
    ForeignKeyConstraint(
        ["member", "membership"],
        [membership.c.member, membership.c.id],
        name="membership_change_is_of_a_membership",
        onupdate="CASCADE",
    ),
    CheckConstraint("number > 0", name="membership_change_number_is_positive"),
    CheckConstraint(f"cause ~ '{_CODE}'", name="membership_change_cause_is_a_code"),
    CheckConstraint(
        "(number = 1) = (before is null)", name="membership_change_follows_from_a_state"
    ),
    CheckConstraint("jsonb_typeof(data) = 'object'", name="membership_change_data_is_an_object"),
)


class _ChargeColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    membership: Named[UUID]
    adapter: Named[str] = Column(Key)
    reference: Named[str] = Column(Key)
    price: Named[UUID]
    starts_at: Named[datetime] = Column(Instant)
    ends_at: Named[datetime] = Column(Instant)
    net: Named[int] = Column(BigInteger)
    tax: Named[int] = Column(BigInteger)
    credit: Named[int] = Column(BigInteger)
    currency: Named[str] = Column(Key)
    reason: Named[str] = Column(Key)
    paid_at: Named[datetime] = Column(Instant)
    refunded_net: Named[int] = Column(BigInteger)
    refunded_tax: Named[int] = Column(BigInteger)
    booked_on: Named[date | None] = Column(Date)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Money that was taken for a period, half-open; what was refunded of it never exceeds it.
membership_charge: Final = Table(
    "membership_charge",
    metadata,
    _ChargeColumns,
    PrimaryKeyConstraint("member", "id", name="membership_charge_has_one_row"),
    UniqueConstraint("member", "adapter", "reference", name="membership_charge_is_made_once"),
    ForeignKeyConstraint(
        ["member", "membership"],
        [membership.c.member, membership.c.id],
        name="membership_charge_is_of_a_membership",
        onupdate="CASCADE",
    ),
    ForeignKeyConstraint(["price"], [plan_price.c.id], name="membership_charge_has_a_price"),
    CheckConstraint(f"reference ~ '{_REFERENCE}'", name="membership_charge_reference_is_a_code"),
    CheckConstraint("ends_at > starts_at", name="membership_charge_period_is_possible"),
    CheckConstraint(
        "net >= 0 and tax >= 0 and net + tax > 0", name="membership_charge_is_positive"
    ),
    CheckConstraint("credit >= 0", name="membership_charge_credit_not_negative"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="membership_charge_currency_is_a_code"),
    CheckConstraint(
        "reason in ('first', 'renewal', 'upgrade', 'mend', 'late')",
        name="membership_charge_reason_is_known",
    ),
    CheckConstraint(
        "refunded_net between 0 and net and refunded_tax between 0 and tax",
        name="membership_charge_is_not_refunded_twice",
    ),
)
Index(
    "membership_charge_pays_a_period_once",
    membership_charge.c.member,
    membership_charge.c.membership,
    membership_charge.c.starts_at,
    unique=True,
    postgresql_where=text(
        "adapter = 'external' and reason in ('first', 'renewal', 'mend')"
        " and refunded_net + refunded_tax < net + tax"
    ),
)
Index("membership_charge_by_membership", membership_charge.c.membership)
Index("membership_charge_by_period", membership_charge.c.starts_at)


class _RefundColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    charge: Named[UUID]
    reference: Named[str] = Column(Key)
    net: Named[int] = Column(BigInteger)
    tax: Named[int] = Column(BigInteger)
    kind: Named[str] = Column(Key)
    reason: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    booked_on: Named[date | None] = Column(Date)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Money that was given back of a charge, or taken back by the buyer's bank.
membership_refund: Final = Table(
    "membership_refund",
    metadata,
    _RefundColumns,
    PrimaryKeyConstraint("member", "id", name="membership_refund_has_one_row"),
    UniqueConstraint("member", "charge", "reference", name="membership_refund_is_made_once"),
    ForeignKeyConstraint(
        ["member", "charge"],
        [membership_charge.c.member, membership_charge.c.id],
        name="membership_refund_is_of_a_charge",
        onupdate="CASCADE",
    ),
    CheckConstraint(f"reference ~ '{_REFERENCE}'", name="membership_refund_reference_is_a_code"),
    CheckConstraint(
        "net >= 0 and tax >= 0 and net + tax > 0", name="membership_refund_is_positive"
    ),
    CheckConstraint(
        "kind in ('refund', 'dispute', 'reinstated')", name="membership_refund_kind_is_known"
    ),
    CheckConstraint(f"reason ~ '{_CODE}'", name="membership_refund_reason_is_a_code"),
    Index("membership_refund_by_charge", "charge"),
    Index("membership_refund_by_instant", "at"),
)


class _TrialColumns(TypedColumns):
    member: Named[UUID]
    membership: Named[UUID]
    at: Named[datetime] = Column(Instant)


#: Who has had a trial; whoever absorbs them has had it too.
trial_taken: Final = Table(
    "trial_taken",
    metadata,
    _TrialColumns,
    PrimaryKeyConstraint("member", name="trial_is_taken_once_for_life"),
    ForeignKeyConstraint(["member"], [member.c.id], name="trial_taken_is_of_a_member"),
)


class _PrintColumns(TypedColumns):
    print: Named[bytes] = Column(LargeBinary)
    at: Named[datetime] = Column(Instant)


#: A keyed hash of the address of whoever had a trial; it outlives the account.
trial_print: Final = Table(
    "trial_print",
    metadata,
    _PrintColumns,
    PrimaryKeyConstraint("print", name="trial_print_is_kept_once"),
    CheckConstraint("octet_length(print) = 32", name="trial_print_is_a_hash"),
)


class _SecretColumns(TypedColumns):
    one: Named[bool] = Column(Boolean, server_default=text("true"))
    secret: Named[bytes] = Column(LargeBinary)


#: The key of the prints: made once, never changed, since a print cannot be made again without it.
trial_secret: Final = Table(
    "trial_secret",
    metadata,
    _SecretColumns,
    PrimaryKeyConstraint("one", name="trial_secret_has_one_row"),
    CheckConstraint("one", name="trial_secret_is_one"),
    CheckConstraint("octet_length(secret) = 32", name="trial_secret_is_long_enough"),
)
