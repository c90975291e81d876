"""Tables of orders: what was decided when placed, and the facts added to it since.

Every row leads with the member; a guest's order stands under its own id. The shop's ids of orders
stand in `loyalty.name`. Rows of lines, shipments and returns never change once written; only an
order's state, payment and hold do, and a test reads the grants that say so.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from loyalty.schema import Instant, Key, metadata

#: The figures that lines, shipments and returns carry, in this order everywhere.
FIGURES: Final = ("regular", "total", "tax", "points", "points_value", "basis", "earn")

#: Of a share only this holds: its floors may put a discount's last cent into a later share.
_NOT_NEGATIVE: Final = "least(regular, total, tax, points, points_value, basis, earn) >= 0"
_POSSIBLE: Final = f"{_NOT_NEGATIVE} and total + points_value <= regular"


class _FigureColumns(TypedColumns):
    regular: Named[int] = Column(BigInteger)
    total: Named[int] = Column(BigInteger)
    tax: Named[int] = Column(BigInteger)
    points: Named[int] = Column(BigInteger)
    points_value: Named[int] = Column(BigInteger)
    basis: Named[int] = Column(BigInteger)
    earn: Named[int] = Column(BigInteger)


class _OrderColumns(_FigureColumns):
    member: Named[UUID]
    id: Named[UUID]
    guest: Named[bool]
    priced_by: Named[str] = Column(Key)
    state: Named[str] = Column(Key)
    placed_at: Named[datetime] = Column(Instant)
    placed_on: Named[date] = Column(Date)
    currency: Named[str] = Column(Key)
    channel: Named[str] = Column(Key)
    country: Named[str] = Column(Key)
    prices_include_tax: Named[bool]
    shipping_method: Named[str] = Column(Key)
    shipping_regular: Named[int] = Column(BigInteger)
    shipping_total: Named[int] = Column(BigInteger)
    shipping_points: Named[int] = Column(BigInteger)
    shipping_points_value: Named[int] = Column(BigInteger)
    rule_set: Named[int] = Column(Integer)
    policy: Named[int] = Column(Integer)
    tier: Named[str | None] = Column(Key)
    plan: Named[str | None] = Column(Key)
    hold_until: Named[datetime | None] = Column(Instant)
    paid_at: Named[datetime | None] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


order: Final = Table(
    "order",
    metadata,
    _OrderColumns,
    PrimaryKeyConstraint("member", "id", name="order_has_one_row"),
    CheckConstraint("priced_by in ('us', 'shop')", name="order_is_priced_by_us_or_the_shop"),
    CheckConstraint("state in ('open', 'completed', 'cancelled')", name="order_state_is_known"),
    CheckConstraint("guest = (member = id)", name="order_of_a_guest_stands_under_its_own_id"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="order_currency_is_a_code"),
    CheckConstraint(_POSSIBLE, name="order_figures_are_possible"),
    CheckConstraint(
        "least(shipping_total, shipping_points, shipping_points_value) >= 0"
        " and shipping_total + shipping_points_value <= shipping_regular",
        name="order_shipping_figures_are_possible",
    ),
    CheckConstraint(
        "not guest or (points = 0 and earn = 0 and shipping_points = 0)",
        name="order_of_a_guest_moves_no_points",
    ),
    CheckConstraint(
        "hold_until <= greatest(placed_at, recorded_at) + interval '14 days'",
        name="order_hold_ends_within_14_days",
    ),
    Index("order_by_id", "id"),
    Index("order_by_placing", "placed_at"),
    Index(
        "order_by_end_of_hold",
        "hold_until",
        postgresql_where="hold_until is not null and paid_at is null and state = 'open'",
    ),
)


class _OrderLineColumns(_FigureColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    line_no: Named[int] = Column(SmallInteger)
    line_id: Named[str] = Column(Key)
    sku: Named[str] = Column(Key)
    category: Named[str] = Column(Key)
    quantity: Named[int] = Column(Integer)
    qualifies: Named[bool]
    exempt: Named[str] = Column(Key, server_default="")
    gift_with: Named[int | None] = Column(SmallInteger)
    brand: Named[str | None] = Column(Key)
    tags: Named[list[str] | None] = Column(ARRAY(Key))


#: `exempt` is the shop's reason code for a line that earns nothing or does not qualify; a line that
#: is a gift names the line that it came with. Brand and tags are null where none were said.
order_line: Final = Table(
    "order_line",
    metadata,
    _OrderLineColumns,
    PrimaryKeyConstraint("member", "order_id", "line_no", name="order_line_has_one_row"),
    CheckConstraint("quantity between 1 and 1000000", name="order_line_quantity_is_possible"),
    CheckConstraint(
        "exempt = '' or exempt ~ '^[a-z][a-z0-9-]{0,39}$'", name="order_line_exempt_is_a_code"
    ),
    CheckConstraint(_POSSIBLE, name="order_line_figures_are_possible"),
    CheckConstraint(
        "gift_with is null or (total = 0 and points = 0 and gift_with <> line_no)",
        name="order_line_gift_costs_nothing",
    ),
)


class _ShipmentColumns(_FigureColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    id: Named[UUID]
    name: Named[str] = Column(Key)
    kind: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    on: Named[date] = Column(Date)
    whole: Named[bool]
    purchases: Named[int] = Column(BigInteger)
    shipping_points: Named[int] = Column(BigInteger)
    activates_at: Named[datetime | None] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    asked: Named[str] = Column(Text)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.clock_timestamp())
    """When the row was written: steps of an order are read in the order in which they were."""
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Lines completed, or cancelled, together; `name` is the shop's id of the shipment.
shipment: Final = Table(
    "shipment",
    metadata,
    _ShipmentColumns,
    PrimaryKeyConstraint("member", "order_id", "id", name="shipment_has_one_row"),
    UniqueConstraint("member", "order_id", "name", name="shipment_is_recorded_once"),
    ForeignKeyConstraint(
        ["member", "order_id"], [order.c.member, order.c.id], name="shipment_belongs_to_an_order"
    ),
    CheckConstraint("kind in ('completed', 'cancelled')", name="shipment_kind_is_known"),
    CheckConstraint(_NOT_NEGATIVE, name="shipment_figures_not_negative"),
    CheckConstraint("purchases between 0 and basis", name="shipment_purchases_are_of_its_basis"),
    CheckConstraint("shipping_points >= 0", name="shipment_shipping_points_not_negative"),
)


class _ShipmentLineColumns(_FigureColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    shipment: Named[UUID]
    line_no: Named[int] = Column(SmallInteger)
    quantity: Named[int] = Column(Integer)
    by_amount: Named[bool]


#: What a shipment carried of each line; a shipment that is whole has no rows here.
shipment_line: Final = Table(
    "shipment_line",
    metadata,
    _ShipmentLineColumns,
    PrimaryKeyConstraint(
        "member", "order_id", "shipment", "line_no", name="shipment_line_has_one_row"
    ),
    ForeignKeyConstraint(
        ["member", "order_id", "shipment"],
        [shipment.c.member, shipment.c.order_id, shipment.c.id],
        name="shipment_line_belongs_to_a_shipment",
    ),
    ForeignKeyConstraint(
        ["member", "order_id", "line_no"],
        [order_line.c.member, order_line.c.order_id, order_line.c.line_no],
        name="shipment_line_is_of_a_line",
    ),
    CheckConstraint("quantity > 0", name="shipment_line_quantity_is_positive"),
    CheckConstraint(_NOT_NEGATIVE, name="shipment_line_figures_not_negative"),
)


class _ReturnColumns(_FigureColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    id: Named[UUID]
    name: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    on: Named[date] = Column(Date)
    reason: Named[str] = Column(Key)
    matched: Named[bool]
    shipping: Named[int] = Column(BigInteger)
    shipping_points: Named[int] = Column(BigInteger)
    asked: Named[str] = Column(Text)
    kind: Named[str] = Column(Key, server_default="return")
    recorded_at: Named[datetime] = Column(Instant, server_default=func.clock_timestamp())
    """When the row was written: steps of an order are read in the order in which they were."""
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Goods, money or shipping given back; `matched` when it was found without naming the order. A
#: chargeback is money that the buyer's bank took back.
return_: Final = Table(
    "return",
    metadata,
    _ReturnColumns,
    PrimaryKeyConstraint("member", "order_id", "id", name="return_has_one_row"),
    UniqueConstraint("member", "order_id", "name", name="return_is_recorded_once"),
    ForeignKeyConstraint(
        ["member", "order_id"], [order.c.member, order.c.id], name="return_belongs_to_an_order"
    ),
    CheckConstraint(_NOT_NEGATIVE, name="return_figures_not_negative"),
    CheckConstraint(
        "shipping >= 0 and shipping_points >= 0", name="return_of_shipping_not_negative"
    ),
    CheckConstraint("reason ~ '^[a-z][a-z0-9-]{0,39}$'", name="return_reason_is_a_code"),
    CheckConstraint("kind in ('return', 'chargeback')", name="return_kind_is_known"),
    Index("return_by_day", "on"),
)


class _ReturnLineColumns(_FigureColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    return_id: Named[UUID]
    line_no: Named[int] = Column(SmallInteger)
    quantity: Named[int] = Column(Integer)
    refunded: Named[int] = Column(BigInteger)


#: What a return took back of each line; `refunded` is the money given back without units.
return_line: Final = Table(
    "return_line",
    metadata,
    _ReturnLineColumns,
    PrimaryKeyConstraint(
        "member", "order_id", "return_id", "line_no", name="return_line_has_one_row"
    ),
    ForeignKeyConstraint(
        ["member", "order_id", "return_id"],
        [return_.c.member, return_.c.order_id, return_.c.id],
        name="return_line_belongs_to_a_return",
    ),
    ForeignKeyConstraint(
        ["member", "order_id", "line_no"],
        [order_line.c.member, order_line.c.order_id, order_line.c.line_no],
        name="return_line_is_of_a_line",
    ),
    CheckConstraint("quantity >= 0 and refunded >= 0", name="return_line_takes_no_more_back"),
    CheckConstraint("refunded <= total", name="return_line_refund_is_in_its_total"),
    CheckConstraint(_NOT_NEGATIVE, name="return_line_figures_not_negative"),
)


class _UnmatchedReturnColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    line_no: Named[int] = Column(SmallInteger)
    name: Named[str] = Column(Key)
    at: Named[datetime] = Column(Instant)
    on: Named[date] = Column(Date)
    reason: Named[str] = Column(Key)
    sku: Named[str] = Column(Key)
    quantity: Named[int] = Column(Integer)
    amount: Named[int] = Column(BigInteger)
    asked: Named[str] = Column(Text)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: What came back without an order that it could be matched with: it earned nothing here.
unmatched_return: Final = Table(
    "unmatched_return",
    metadata,
    _UnmatchedReturnColumns,
    PrimaryKeyConstraint("member", "id", "line_no", name="unmatched_return_has_one_row_a_line"),
    CheckConstraint(
        "quantity >= 0 and amount >= 0 and quantity + amount > 0",
        name="unmatched_return_is_of_something",
    ),
)


class _DecisionColumns(TypedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    rule_set: Named[int] = Column(Integer)
    revision: Named[int] = Column(Integer)
    facts: Named[dict[str, Any]] = Column(JSONB)
    document: Named[str] = Column(Text)


#: The answer an order was placed with: facts, and the canonical text that is replayed.
decision: Final = Table(
    "decision",
    metadata,
    _DecisionColumns,
    PrimaryKeyConstraint("member", "order_id", name="decision_has_one_row_an_order"),
)


class _OrderVoucherColumns(TypedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    voucher: Named[UUID]
    voucher_member: Named[UUID]
    line_nos: Named[list[int]] = Column(ARRAY(SmallInteger))


#: The vouchers an order used, and the lines each of them discounted.
order_voucher: Final = Table(
    "order_voucher",
    metadata,
    _OrderVoucherColumns,
    PrimaryKeyConstraint("member", "order_id", "voucher", name="order_voucher_has_one_row"),
    ForeignKeyConstraint(
        ["member", "order_id"],
        [order.c.member, order.c.id],
        name="order_voucher_belongs_to_an_order",
    ),
)


class _OrderGrantColumns(TypedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    voucher: Named[UUID]
    code: Named[str] = Column(Key)
    rule: Named[str] = Column(Key)
    rule_version: Named[int] = Column(Integer)
    definition: Named[str] = Column(Key)
    granted_at: Named[datetime] = Column(Instant)


#: The vouchers that a member got for an order once it was completed.
order_grant: Final = Table(
    "order_grant",
    metadata,
    _OrderGrantColumns,
    PrimaryKeyConstraint("member", "order_id", "voucher", name="order_grant_has_one_row"),
    ForeignKeyConstraint(
        ["member", "order_id"], [order.c.member, order.c.id], name="order_grant_belongs_to_an_order"
    ),
    CheckConstraint("rule_version > 0", name="order_grant_rule_version_positive"),
)
