"""Tables of the catalogue: rewards, their versions, what stands on the shelf, and orders of them.

What was published and what was ordered never changes; of an order only its state moves, on the
shelf only what is taken. Counters move by the functions in `loyalty/sql/40_rewards.sql` alone.
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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from loyalty.schema import Instant, Key, metadata
from loyalty.tables import member

PROGRAMME_WIDE: Final = frozenset(
    {
        "reward",  # what the catalogue holds
        "reward_version",  # what of it was published
        "reward_shelf",  # the stock of each reward: the last row that an order locks
        "reward_stock_change",  # what came into stock, and why
        "reward_period",  # what all members together took of a reward in a period
    }
)

_TAX_CLASSES: Final = "in ('discount', 'single-purpose', 'multi-purpose')"
_CODE: Final = "^[a-z][a-z0-9-]{0,39}$"
_REFERENCE: Final = "^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"


class _RewardColumns(TypedColumns):
    id: Named[UUID]
    code: Named[str] = Column(Key)
    kind: Named[str] = Column(Key)
    counted: Named[bool] = Column(Boolean)
    made_at: Named[datetime] = Column(Instant)
    retired_at: Named[datetime | None] = Column(Instant)
    draft: Named[dict[str, Any] | None] = Column(JSONB(none_as_null=True))
    draft_tax_class: Named[str | None] = Column(Key)
    draft_tax_chosen_by: Named[str | None] = Column(Key)
    draft_changed_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


reward: Final = Table(
    "reward",
    metadata,
    _RewardColumns,
    PrimaryKeyConstraint("id", name="reward_has_one_row"),
    UniqueConstraint("code", name="reward_code_is_taken_once"),
    CheckConstraint(f"code ~ '{_CODE}'", name="reward_code_is_a_code"),
    CheckConstraint(
        "kind in ('goods', 'voucher', 'service', 'event')", name="reward_kind_is_known"
    ),
    CheckConstraint(f"draft_tax_class {_TAX_CLASSES}", name="reward_draft_tax_class_is_known"),
    CheckConstraint(
        "(draft is null) = (draft_changed_at is null)"
        " and (draft is not null or draft_tax_class is null)"
        " and (draft_tax_class is not null or draft_tax_chosen_by is null)",
        name="reward_draft_is_whole",
    ),
    CheckConstraint("retired_at >= made_at", name="reward_is_retired_after_it_was_made"),
)


class _VersionColumns(TypedColumns):
    reward: Named[UUID]
    number: Named[int] = Column(Integer, autoincrement=False)
    document: Named[dict[str, Any]] = Column(JSONB)
    points: Named[int] = Column(BigInteger)
    money: Named[int] = Column(BigInteger)
    tiers: Named[list[str]] = Column(ARRAY(Key))
    tax_class: Named[str] = Column(Key)
    tax_chosen_by: Named[str | None] = Column(Key)
    published_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: What points alone buy has no version unless finance chose its tax class.
reward_version: Final = Table(
    "reward_version",
    metadata,
    _VersionColumns,
    PrimaryKeyConstraint("reward", "number", name="reward_version_numbered_once"),
    ForeignKeyConstraint(["reward"], [reward.c.id], name="reward_version_is_of_a_reward"),
    CheckConstraint("number > 0", name="reward_version_number_is_positive"),
    CheckConstraint("points > 0", name="reward_version_costs_points"),
    CheckConstraint("money >= 0", name="reward_version_money_not_negative"),
    CheckConstraint(
        "(document ->> 'points')::bigint = points and (document ->> 'money')::bigint = money",
        name="reward_version_document_says_its_price",
    ),
    CheckConstraint(f"tax_class {_TAX_CLASSES}", name="reward_version_tax_class_is_known"),
    CheckConstraint(
        "money > 0 or tax_chosen_by is not null",
        name="reward_version_for_points_alone_was_classed_by_finance",
    ),
)


class _ShelfColumns(TypedColumns):
    reward: Named[UUID]
    version: Named[int] = Column(Integer)
    stocked: Named[int | None] = Column(BigInteger)
    taken: Named[int] = Column(BigInteger, server_default=text("0"))


#: What can be had: the version that is live (0: none), what came into stock (null: not counted)
#: and what is taken. Every order of a reward ends with this row.
reward_shelf: Final = Table(
    "reward_shelf",
    metadata,
    _ShelfColumns,
    PrimaryKeyConstraint("reward", name="reward_shelf_has_one_row_per_reward"),
    ForeignKeyConstraint(["reward"], [reward.c.id], name="reward_shelf_is_of_a_reward"),
    CheckConstraint("version >= 0", name="reward_shelf_version_not_negative"),
    CheckConstraint("taken >= 0", name="reward_shelf_taken_not_negative"),
    CheckConstraint("taken <= stocked", name="reward_shelf_is_not_oversold"),
    postgresql_with={"fillfactor": "70"},
)


class _StockChangeColumns(TypedColumns):
    id: Named[UUID]
    reward: Named[UUID]
    amount: Named[int] = Column(BigInteger)
    reason: Named[str] = Column(Key)
    reference: Named[str | None] = Column(Key)
    changed_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


reward_stock_change: Final = Table(
    "reward_stock_change",
    metadata,
    _StockChangeColumns,
    PrimaryKeyConstraint("id", name="reward_stock_change_has_one_row"),
    ForeignKeyConstraint(["reward"], [reward.c.id], name="reward_stock_change_is_of_a_reward"),
    CheckConstraint("amount <> 0", name="reward_stock_change_changes_something"),
    CheckConstraint(f"reason ~ '{_CODE}'", name="reward_stock_change_reason_is_a_code"),
    CheckConstraint(f"reference ~ '{_REFERENCE}'", name="reward_stock_change_reference_is_a_code"),
    Index("reward_stock_change_by_reward", "reward", "id"),
)


class _PeriodColumns(TypedColumns):
    reward: Named[UUID]
    every: Named[str] = Column(Key)
    starts_at: Named[datetime] = Column(Instant)
    ends_at: Named[datetime] = Column(Instant)
    taken: Named[int] = Column(BigInteger)
    allowed: Named[int] = Column(BigInteger)


reward_period: Final = Table(
    "reward_period",
    metadata,
    _PeriodColumns,
    PrimaryKeyConstraint("reward", "every", "starts_at", name="reward_period_has_one_row"),
    CheckConstraint("every in ('day', 'week', 'month', 'year')", name="reward_period_is_known"),
    CheckConstraint("ends_at > starts_at", name="reward_period_ends_after_it_starts"),
    CheckConstraint("taken between 0 and allowed", name="reward_period_is_not_oversold"),
)


class _AllowanceColumns(TypedColumns):
    member: Named[UUID]
    reward: Named[UUID]
    every: Named[str] = Column(Key)
    starts_at: Named[datetime] = Column(Instant)
    ends_at: Named[datetime | None] = Column(Instant)
    taken: Named[int] = Column(BigInteger)
    allowed: Named[int] = Column(BigInteger)


#: What a member took of a reward in a period that has a limit; counted anew after a merge.
reward_allowance: Final = Table(
    "reward_allowance",
    metadata,
    _AllowanceColumns,
    PrimaryKeyConstraint(
        "member", "reward", "every", "starts_at", name="reward_allowance_has_one_row"
    ),
    ForeignKeyConstraint(["member"], [member.c.id], name="reward_allowance_belongs_to_a_member"),
    CheckConstraint(
        "every in ('day', 'week', 'month', 'year', 'ever')", name="reward_allowance_is_known"
    ),
    CheckConstraint(
        "(every = 'ever') = (ends_at is null) and ends_at > starts_at",
        name="reward_allowance_ends_after_it_starts",
    ),
    CheckConstraint("taken between 0 and allowed", name="reward_allowance_is_not_exceeded"),
)


class _OrderColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    reward: Named[UUID]
    version: Named[int] = Column(Integer)
    kind: Named[str] = Column(Key)
    quantity: Named[int] = Column(BigInteger)
    state: Named[str] = Column(Key)
    points: Named[int] = Column(BigInteger)
    money: Named[int] = Column(BigInteger)
    tax: Named[int] = Column(BigInteger)
    regular: Named[int | None] = Column(BigInteger)
    points_value: Named[int] = Column(BigInteger)
    taxable: Named[int] = Column(BigInteger)
    tax_class: Named[str] = Column(Key)
    currency: Named[str] = Column(Key)
    voucher: Named[UUID | None]
    ordered_at: Named[datetime] = Column(Instant)
    fulfilled_at: Named[datetime | None] = Column(Instant)
    fulfilment: Named[str | None] = Column(Key)
    cancelled_at: Named[datetime | None] = Column(Instant)
    cancel_reason: Named[str | None] = Column(Key)
    restocked: Named[bool | None] = Column(Boolean)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: No key into the catalogue: many orders at once would share the lock of one parent row.
reward_order: Final = Table(
    "reward_order",
    metadata,
    _OrderColumns,
    PrimaryKeyConstraint("member", "id", name="reward_order_has_one_row"),
    ForeignKeyConstraint(["member"], [member.c.id], name="reward_order_belongs_to_a_member"),
    CheckConstraint("quantity > 0", name="reward_order_quantity_is_positive"),
    CheckConstraint("points > 0", name="reward_order_costs_points"),
    CheckConstraint("money >= 0", name="reward_order_money_not_negative"),
    CheckConstraint("tax between 0 and money", name="reward_order_tax_is_in_its_money"),
    CheckConstraint(
        "least(points_value, taxable) >= 0 and taxable >= money",
        name="reward_order_values_not_negative",
    ),
    CheckConstraint(f"tax_class {_TAX_CLASSES}", name="reward_order_tax_class_is_known"),
    CheckConstraint(
        "state in ('ordered', 'fulfilled', 'cancelled')", name="reward_order_state_is_known"
    ),
    CheckConstraint(
        "(state <> 'ordered' or fulfilled_at is null)"
        " and (state <> 'fulfilled' or fulfilled_at is not null)"
        " and (fulfilled_at is not null or fulfilment is null)",
        name="reward_order_fulfilled_says_when",
    ),
    CheckConstraint(
        "(state = 'cancelled') = (cancelled_at is not null)"
        " and num_nulls(cancelled_at, cancel_reason, restocked) in (0, 3)",
        name="reward_order_cancelled_says_why",
    ),
    CheckConstraint(
        "(kind = 'voucher') = (voucher is not null) and (kind <> 'voucher' or quantity = 1)",
        name="reward_order_of_a_voucher_has_one",
    ),
    CheckConstraint(f"fulfilment ~ '{_REFERENCE}'", name="reward_order_fulfilment_is_a_code"),
    Index("reward_order_newest_first", "id"),
    Index("reward_order_by_reward", "reward", "ordered_at"),
    Index(
        "reward_order_to_fulfil",
        "id",
        postgresql_where=text("state = 'ordered'"),
    ),
)
