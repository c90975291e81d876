"""Tables of what becomes of an order beside shipments and returns.

Exceptions that somebody works through, exchanges, guests' orders that were claimed, deliveries.
Rows never change once written but for how an exception was settled.
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
    Text,
    TypedColumns,
    UniqueConstraint,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.orders.tables import order, return_, shipment
from loyalty.schema import Instant, Key, metadata


class _OrderExceptionColumns(TypedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    step: Named[UUID]
    code: Named[str] = Column(Key)
    id: Named[UUID]
    amount: Named[int] = Column(BigInteger)
    at: Named[datetime] = Column(Instant)
    locked: Named[bool] = Column(Boolean, server_default=false())
    settled_at: Named[datetime | None] = Column(Instant)
    settled_by: Named[str | None] = Column(Key)
    outcome: Named[str | None] = Column(Key)
    reason: Named[str | None] = Column(Key)
    reference: Named[str | None] = Column(Key)


#: Facts that had to be recorded although something was missing, and chargebacks to be reviewed: a
#: list to work through. `locked` says that this one locked the wallet.
order_exception: Final = Table(
    "order_exception",
    metadata,
    _OrderExceptionColumns,
    PrimaryKeyConstraint(
        "member", "order_id", "step", "code", name="order_exception_has_one_row_a_step"
    ),
    UniqueConstraint("id", "member", name="order_exception_has_one_id"),
    ForeignKeyConstraint(
        ["member", "order_id"],
        [order.c.member, order.c.id],
        name="order_exception_belongs_to_an_order",
    ),
    CheckConstraint("amount > 0", name="order_exception_amount_is_positive"),
    CheckConstraint("code ~ '^[a-z][a-z-]{0,39}$'", name="order_exception_code_is_a_code"),
    CheckConstraint(
        "(settled_at is null) = (settled_by is null)"
        " and (settled_at is null) = (outcome is null)"
        " and (settled_at is null) = (reason is null)"
        " and (reference is null or settled_at is not null)",
        name="order_exception_is_settled_whole",
    ),
    CheckConstraint(
        "outcome in ('settled', 'released', 'upheld')", name="order_exception_outcome_is_known"
    ),
    CheckConstraint("reason ~ '^[a-z][a-z0-9-]{0,39}$'", name="order_exception_reason_is_a_code"),
    Index("order_exception_by_age", "at", "id", postgresql_where="settled_at is null"),
)


class _RecordedColumns(TypedColumns):
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


class _OrderExchangeColumns(_RecordedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    return_id: Named[UUID]
    replacement: Named[UUID]


#: A return that was made together with a new order; the replacement stands under its own member.
order_exchange: Final = Table(
    "order_exchange",
    metadata,
    _OrderExchangeColumns,
    PrimaryKeyConstraint("member", "order_id", "return_id", name="order_exchange_has_one_row"),
    ForeignKeyConstraint(
        ["member", "order_id", "return_id"],
        [return_.c.member, return_.c.order_id, return_.c.id],
        name="order_exchange_is_of_a_return",
    ),
    CheckConstraint("replacement <> order_id", name="order_exchange_is_for_another_order"),
    Index("order_exchange_by_replacement", "replacement"),
)


class _OrderClaimColumns(_RecordedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    proof: Named[str] = Column(Key)
    claimed_at: Named[datetime] = Column(Instant)
    rule_set: Named[int] = Column(Integer)
    revision: Named[int] = Column(Integer)
    facts: Named[dict[str, Any]] = Column(JSONB)
    document: Named[str] = Column(Text)


#: A guest's order that became a member's: whose it is since then, by what the shop knew, and the
#: decision by which it earned. The decision it was placed with stays beside it.
order_claim: Final = Table(
    "order_claim",
    metadata,
    _OrderClaimColumns,
    PrimaryKeyConstraint("member", "order_id", name="order_claim_has_one_row"),
    ForeignKeyConstraint(
        ["member", "order_id"], [order.c.member, order.c.id], name="order_claim_is_of_an_order"
    ),
    CheckConstraint("member <> order_id", name="order_claim_is_by_somebody"),
    CheckConstraint("proof ~ '^[a-z][a-z0-9-]{0,39}$'", name="order_claim_proof_is_a_code"),
)


class _DeliveryColumns(_RecordedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    shipment: Named[UUID]
    delivered_at: Named[datetime] = Column(Instant)


#: A shipment that reached its buyer.
delivery: Final = Table(
    "delivery",
    metadata,
    _DeliveryColumns,
    PrimaryKeyConstraint("member", "order_id", "shipment", name="delivery_has_one_row_a_shipment"),
    ForeignKeyConstraint(
        ["member", "order_id", "shipment"],
        [shipment.c.member, shipment.c.order_id, shipment.c.id],
        name="delivery_is_of_a_shipment",
    ),
)
