"""Tables of reconciliations: each run, the items it found, and which differences were cleared.

Rows are added and never changed. A clearing is of the difference and not of the run, so that the
next run over the same period does not ask again; another amount is another difference. One that is
reopened is cleared again in the next turn.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, metadata

PROGRAMME_WIDE: Final = frozenset(
    {
        "reconciliation",  # comparisons of the whole programme for a period
        "reconciliation_clearing",  # differences that a person has explained
        "reconciliation_reopening",  # explanations that did not hold
        "biller_movement",  # what the one who bills has reported; members stand with our charges
        "biller_settlement",  # which payout paid a movement out
        "biller_payout",  # what reached the bank account
    }
)


class _ReconciliationColumns(TypedColumns):
    number: Named[int] = Column(BigInteger, autoincrement=False)
    leg: Named[str] = Column(Key)
    since: Named[date] = Column(Date)
    until: Named[date] = Column(Date)
    tolerance: Named[int] = Column(BigInteger)
    compared: Named[int] = Column(BigInteger)
    agreed: Named[int] = Column(BigInteger)
    within_tolerance: Named[int] = Column(BigInteger)
    item_count: Named[int] = Column(BigInteger)
    totals: Named[dict[str, Any]] = Column(JSONB)
    run_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


reconciliation: Final = Table(
    "reconciliation",
    metadata,
    _ReconciliationColumns,
    PrimaryKeyConstraint("number", name="reconciliation_number_is_unique"),
    CheckConstraint("since < until", name="reconciliation_is_of_a_period"),
    CheckConstraint(
        "leg in ('orders-ledger', 'shop-orders', 'biller-fees', 'payouts-movements')",
        name="reconciliation_leg_is_known",
    ),
    CheckConstraint("tolerance >= 0", name="reconciliation_tolerance_not_negative"),
    CheckConstraint(
        "least(agreed, within_tolerance, item_count) >= 0"
        " and agreed + within_tolerance <= compared",
        name="reconciliation_counts_what_it_compared",
    ),
    Index("reconciliation_by_period", "leg", "since", "until", "number"),
)


class _ItemColumns(TypedColumns):
    reconciliation: Named[int] = Column(BigInteger, autoincrement=False)
    position: Named[int] = Column(Integer, autoincrement=False)
    member: Named[UUID | None]
    order_id: Named[UUID | None]
    kind: Named[str] = Column(Key)
    step: Named[str] = Column(Key)
    key: Named[str] = Column(Key)
    left_amount: Named[int | None] = Column(BigInteger)
    right_amount: Named[int | None] = Column(BigInteger)
    left_state: Named[str | None] = Column(Key)
    right_state: Named[str | None] = Column(Key)
    left_on: Named[date | None] = Column(Date)
    right_on: Named[date | None] = Column(Date)
    difference: Named[str] = Column(Key)


#: What one run found; `difference` says in one text what differs, and is what gets cleared.
reconciliation_item: Final = Table(
    "reconciliation_item",
    metadata,
    _ItemColumns,
    PrimaryKeyConstraint(
        "reconciliation", "position", name="reconciliation_item_has_one_place_in_its_run"
    ),
    ForeignKeyConstraint(
        ["reconciliation"],
        [reconciliation.c.number],
        name="reconciliation_item_belongs_to_a_run",
    ),
    CheckConstraint(
        "kind in ('missing-in-ledger', 'missing-in-orders', 'amount-differs', 'timing',"
        " 'missing-in-programme', 'missing-at-shop', 'money-differs', 'status-differs',"
        " 'missing-in-memberships', 'missing-at-biller', 'currency-differs',"
        " 'missing-in-movements')",
        name="reconciliation_item_kind_is_known",
    ),
    CheckConstraint("position > 0", name="reconciliation_item_position_is_positive"),
    Index("reconciliation_item_by_difference", "difference"),
    Index("reconciliation_item_by_order", "order_id"),
)


_A_CODE: Final = "reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$'"


class _ClearingColumns(TypedColumns):
    difference: Named[str] = Column(Key)
    turn: Named[int] = Column(Integer, autoincrement=False)
    follows: Named[int | None] = Column(Integer, Computed("nullif(turn - 1, 0)", persisted=True))
    reconciliation: Named[int] = Column(BigInteger)
    position: Named[int] = Column(Integer)
    reason: Named[str] = Column(Key)
    reference: Named[str | None] = Column(Key)
    cleared_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Differences that a person has explained; `reference` is where the explanation is kept.
reconciliation_clearing: Final = Table(
    "reconciliation_clearing",
    metadata,
    _ClearingColumns,
    PrimaryKeyConstraint(
        "difference", "turn", name="reconciliation_difference_is_cleared_once_a_turn"
    ),
    CheckConstraint("turn > 0", name="reconciliation_clearing_turn_is_positive"),
    ForeignKeyConstraint(
        ["reconciliation", "position"],
        [reconciliation_item.c.reconciliation, reconciliation_item.c.position],
        name="reconciliation_clearing_is_of_an_item",
    ),
    CheckConstraint(
        "reason in ('timing', 'corrected-by-shop', 'corrected-here', 'known-difference',"
        " 'accepted')",
        name="reconciliation_clearing_reason_is_known",
    ),
    CheckConstraint(_A_CODE, name="reconciliation_clearing_reference_is_a_code"),
    ForeignKeyConstraint(
        ["difference", "follows"],
        ["loyalty.reconciliation_reopening.difference", "loyalty.reconciliation_reopening.turn"],
        name="reconciliation_clearing_follows_a_reopening",
        use_alter=True,
    ),
)


class _ReopeningColumns(TypedColumns):
    difference: Named[str] = Column(Key)
    turn: Named[int] = Column(Integer, autoincrement=False)
    reason: Named[str] = Column(Key)
    reference: Named[str | None] = Column(Key)
    reopened_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Explanations that did not hold: the difference is open again from then on.
reconciliation_reopening: Final = Table(
    "reconciliation_reopening",
    metadata,
    _ReopeningColumns,
    PrimaryKeyConstraint("difference", "turn", name="reconciliation_clearing_is_reopened_once"),
    ForeignKeyConstraint(
        ["difference", "turn"],
        [reconciliation_clearing.c.difference, reconciliation_clearing.c.turn],
        name="reconciliation_reopening_is_of_a_clearing",
    ),
    CheckConstraint(
        "reason in ('mistake', 'disproved', 'audit')",
        name="reconciliation_reopening_reason_is_known",
    ),
    CheckConstraint(_A_CODE, name="reconciliation_reopening_reference_is_a_code"),
)


_IS_ADAPTER: Final = "adapter in ('stripe', 'external')"


class _MovementColumns(TypedColumns):
    adapter: Named[str] = Column(Key)
    id: Named[str] = Column(Key)
    category: Named[str] = Column(Key)
    step: Named[str | None] = Column(Key)
    reference: Named[str | None] = Column(Key)
    certain: Named[bool] = Column(Boolean)
    amount: Named[int] = Column(BigInteger)
    tax: Named[int | None] = Column(BigInteger)
    currency: Named[str] = Column(Key)
    settled: Named[int] = Column(BigInteger)
    settled_in: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: What moved at the one who bills: `amount` with tax as the member saw it, `settled` as it is paid
#: out; with a step and a reference if it is, or may be, about a fee.
biller_movement: Final = Table(
    "biller_movement",
    metadata,
    _MovementColumns,
    PrimaryKeyConstraint("adapter", "id", name="biller_movement_is_reported_once"),
    CheckConstraint(_IS_ADAPTER, name="biller_movement_adapter_is_known"),
    CheckConstraint(
        "category ~ '^[a-z][a-z0-9_-]{0,63}$'", name="biller_movement_category_is_a_code"
    ),
    CheckConstraint(
        "step in ('billed', 'refunded', 'disputed', 'reinstated')",
        name="biller_movement_step_is_known",
    ),
    CheckConstraint(
        "(step is null) = (reference is null)", name="biller_movement_of_a_fee_has_a_reference"
    ),
    CheckConstraint("abs(tax) <= abs(amount)", name="biller_movement_tax_is_part_of_it"),
    CheckConstraint(
        "currency ~ '^[A-Z]{3}$' and settled_in ~ '^[A-Z]{3}$'",
        name="biller_movement_currency_is_a_code",
    ),
    Index("biller_movement_by_instant", "at"),
)


class _SettlementColumns(TypedColumns):
    adapter: Named[str] = Column(Key)
    movement: Named[str] = Column(Key)
    payout: Named[str] = Column(Key)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Which payout a movement was paid out with: often reported later than the movement itself.
biller_settlement: Final = Table(
    "biller_settlement",
    metadata,
    _SettlementColumns,
    PrimaryKeyConstraint("adapter", "movement", name="biller_settlement_is_one_per_movement"),
    ForeignKeyConstraint(
        ["adapter", "movement"],
        [biller_movement.c.adapter, biller_movement.c.id],
        name="biller_settlement_is_of_a_movement",
    ),
    Index("biller_settlement_by_payout", "adapter", "payout"),
)


class _PayoutColumns(TypedColumns):
    adapter: Named[str] = Column(Key)
    id: Named[str] = Column(Key)
    payout: Named[str] = Column(Key)
    amount: Named[int] = Column(BigInteger)
    currency: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: What left for the bank account; a payout that failed comes back with a row below zero.
biller_payout: Final = Table(
    "biller_payout",
    metadata,
    _PayoutColumns,
    PrimaryKeyConstraint("adapter", "id", name="biller_payout_is_reported_once"),
    CheckConstraint(_IS_ADAPTER, name="biller_payout_adapter_is_known"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="biller_payout_currency_is_a_code"),
    Index("biller_payout_by_payout", "adapter", "payout"),
)
