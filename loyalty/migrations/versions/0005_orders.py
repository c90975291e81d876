"""Orders: what was decided when placed, and the facts added to it since.

Locks nothing for long: it only creates tables. Going down drops the orders.
"""

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None

_ORDER = """
CREATE TABLE loyalty."order" (
    regular BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_value BIGINT NOT NULL,
    basis BIGINT NOT NULL,
    earn BIGINT NOT NULL,
    member UUID NOT NULL,
    id UUID NOT NULL,
    guest BOOLEAN NOT NULL,
    priced_by TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    placed_on DATE NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    country TEXT COLLATE "C" NOT NULL,
    prices_include_tax BOOLEAN NOT NULL,
    shipping_method TEXT COLLATE "C" NOT NULL,
    shipping_regular BIGINT NOT NULL,
    shipping_total BIGINT NOT NULL,
    shipping_points BIGINT NOT NULL,
    shipping_points_value BIGINT NOT NULL,
    rule_set INTEGER NOT NULL,
    policy INTEGER NOT NULL,
    tier TEXT COLLATE "C",
    plan TEXT COLLATE "C",
    hold_until TIMESTAMP WITH TIME ZONE,
    paid_at TIMESTAMP WITH TIME ZONE,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT transaction_timestamp(),
    actor TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    CONSTRAINT order_has_one_row PRIMARY KEY (member, id),
    CONSTRAINT order_is_priced_by_us_or_the_shop CHECK (priced_by in ('us', 'shop')),
    CONSTRAINT order_state_is_known CHECK (state in ('open', 'completed', 'cancelled')),
    CONSTRAINT order_of_a_guest_stands_under_its_own_id CHECK (guest = (member = id)),
    CONSTRAINT order_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT order_figures_are_possible
        CHECK (least(regular, total, tax, points, points_value, basis, earn) >= 0
             and total + points_value <= regular),
    CONSTRAINT order_shipping_figures_are_possible
        CHECK (least(shipping_total, shipping_points, shipping_points_value) >= 0
             and shipping_total + shipping_points_value <= shipping_regular),
    CONSTRAINT order_of_a_guest_moves_no_points
        CHECK (not guest or (points = 0 and earn = 0 and shipping_points = 0)),
    CONSTRAINT order_hold_ends_within_14_days
        CHECK (hold_until <= greatest(placed_at, recorded_at) + interval '14 days')
);
CREATE INDEX order_by_end_of_hold ON loyalty."order" (hold_until)
    WHERE hold_until is not null and paid_at is null and state = 'open';
CREATE INDEX order_by_id ON loyalty."order" (id);
CREATE INDEX order_by_placing ON loyalty."order" (placed_at)
"""

_ORDER_LINE = """
CREATE TABLE loyalty.order_line (
    regular BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_value BIGINT NOT NULL,
    basis BIGINT NOT NULL,
    earn BIGINT NOT NULL,
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    line_no SMALLINT NOT NULL,
    line_id TEXT COLLATE "C" NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    quantity INTEGER NOT NULL,
    qualifies BOOLEAN NOT NULL,
    exempt TEXT COLLATE "C" NOT NULL DEFAULT '',
    CONSTRAINT order_line_has_one_row PRIMARY KEY (member, order_id, line_no),
    CONSTRAINT order_line_quantity_is_possible CHECK (quantity between 1 and 1000000),
    CONSTRAINT order_line_exempt_is_a_code
        CHECK (exempt = '' or exempt ~ '^[a-z][a-z0-9-]{0,39}$'),
    CONSTRAINT order_line_figures_are_possible
        CHECK (least(regular, total, tax, points, points_value, basis, earn) >= 0
             and total + points_value <= regular)
)
"""

_SHIPMENT = """
CREATE TABLE loyalty.shipment (
    regular BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_value BIGINT NOT NULL,
    basis BIGINT NOT NULL,
    earn BIGINT NOT NULL,
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    "on" DATE NOT NULL,
    whole BOOLEAN NOT NULL,
    purchases BIGINT NOT NULL,
    shipping_points BIGINT NOT NULL,
    activates_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    asked TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT transaction_timestamp(),
    actor TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    CONSTRAINT shipment_has_one_row PRIMARY KEY (member, order_id, id),
    CONSTRAINT shipment_is_recorded_once UNIQUE (member, order_id, name),
    CONSTRAINT shipment_belongs_to_an_order
        FOREIGN KEY(member, order_id)
        REFERENCES loyalty."order" (member, id),
    CONSTRAINT shipment_kind_is_known CHECK (kind in ('completed', 'cancelled')),
    CONSTRAINT shipment_figures_not_negative
        CHECK (least(regular, total, tax, points, points_value, basis, earn) >= 0),
    CONSTRAINT shipment_purchases_are_of_its_basis CHECK (purchases between 0 and basis),
    CONSTRAINT shipment_shipping_points_not_negative CHECK (shipping_points >= 0)
)
"""

_SHIPMENT_LINE = """
CREATE TABLE loyalty.shipment_line (
    regular BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_value BIGINT NOT NULL,
    basis BIGINT NOT NULL,
    earn BIGINT NOT NULL,
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    shipment UUID NOT NULL,
    line_no SMALLINT NOT NULL,
    quantity INTEGER NOT NULL,
    by_amount BOOLEAN NOT NULL,
    CONSTRAINT shipment_line_has_one_row PRIMARY KEY (member, order_id, shipment, line_no),
    CONSTRAINT shipment_line_belongs_to_a_shipment
        FOREIGN KEY(member, order_id, shipment)
        REFERENCES loyalty.shipment (member, order_id, id),
    CONSTRAINT shipment_line_is_of_a_line
        FOREIGN KEY(member, order_id, line_no)
        REFERENCES loyalty.order_line (member, order_id, line_no),
    CONSTRAINT shipment_line_quantity_is_positive CHECK (quantity > 0),
    CONSTRAINT shipment_line_figures_not_negative
        CHECK (least(regular, total, tax, points, points_value, basis, earn) >= 0)
)
"""

_RETURN = """
CREATE TABLE loyalty.return (
    regular BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_value BIGINT NOT NULL,
    basis BIGINT NOT NULL,
    earn BIGINT NOT NULL,
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    "on" DATE NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    matched BOOLEAN NOT NULL,
    shipping BIGINT NOT NULL,
    shipping_points BIGINT NOT NULL,
    asked TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT transaction_timestamp(),
    actor TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    CONSTRAINT return_has_one_row PRIMARY KEY (member, order_id, id),
    CONSTRAINT return_is_recorded_once UNIQUE (member, order_id, name),
    CONSTRAINT return_belongs_to_an_order
        FOREIGN KEY(member, order_id)
        REFERENCES loyalty."order" (member, id),
    CONSTRAINT return_figures_not_negative
        CHECK (least(regular, total, tax, points, points_value, basis, earn) >= 0),
    CONSTRAINT return_of_shipping_not_negative
        CHECK (shipping >= 0 and shipping_points >= 0),
    CONSTRAINT return_reason_is_a_code CHECK (reason ~ '^[a-z][a-z0-9-]{0,39}$')
)
"""

_RETURN_LINE = """
CREATE TABLE loyalty.return_line (
    regular BIGINT NOT NULL,
    total BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_value BIGINT NOT NULL,
    basis BIGINT NOT NULL,
    earn BIGINT NOT NULL,
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    return_id UUID NOT NULL,
    line_no SMALLINT NOT NULL,
    quantity INTEGER NOT NULL,
    refunded BIGINT NOT NULL,
    CONSTRAINT return_line_has_one_row PRIMARY KEY (member, order_id, return_id, line_no),
    CONSTRAINT return_line_belongs_to_a_return
        FOREIGN KEY(member, order_id, return_id)
        REFERENCES loyalty.return (member, order_id, id),
    CONSTRAINT return_line_is_of_a_line
        FOREIGN KEY(member, order_id, line_no)
        REFERENCES loyalty.order_line (member, order_id, line_no),
    CONSTRAINT return_line_takes_no_more_back CHECK (quantity >= 0 and refunded >= 0),
    CONSTRAINT return_line_refund_is_in_its_total CHECK (refunded <= total),
    CONSTRAINT return_line_figures_not_negative
        CHECK (least(regular, total, tax, points, points_value, basis, earn) >= 0)
)
"""

_UNMATCHED_RETURN = """
CREATE TABLE loyalty.unmatched_return (
    member UUID NOT NULL,
    id UUID NOT NULL,
    line_no SMALLINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    "on" DATE NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    quantity INTEGER NOT NULL,
    amount BIGINT NOT NULL,
    asked TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT transaction_timestamp(),
    actor TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    CONSTRAINT unmatched_return_has_one_row_a_line PRIMARY KEY (member, id, line_no),
    CONSTRAINT unmatched_return_is_of_something
        CHECK (quantity >= 0 and amount >= 0 and quantity + amount > 0)
)
"""

_DECISION = """
CREATE TABLE loyalty.decision (
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    rule_set INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    facts JSONB NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT decision_has_one_row_an_order PRIMARY KEY (member, order_id)
)
"""

_ORDER_VOUCHER = """
CREATE TABLE loyalty.order_voucher (
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    voucher UUID NOT NULL,
    voucher_member UUID NOT NULL,
    line_nos SMALLINT[] NOT NULL,
    CONSTRAINT order_voucher_has_one_row PRIMARY KEY (member, order_id, voucher),
    CONSTRAINT order_voucher_belongs_to_an_order
        FOREIGN KEY(member, order_id)
        REFERENCES loyalty."order" (member, id)
)
"""

_ORDER_EXCEPTION = """
CREATE TABLE loyalty.order_exception (
    member UUID NOT NULL,
    order_id UUID NOT NULL,
    step UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT order_exception_has_one_row_a_step PRIMARY KEY (member, order_id, step, code),
    CONSTRAINT order_exception_belongs_to_an_order
        FOREIGN KEY(member, order_id)
        REFERENCES loyalty."order" (member, id),
    CONSTRAINT order_exception_amount_is_positive CHECK (amount > 0),
    CONSTRAINT order_exception_code_is_a_code CHECK (code ~ '^[a-z][a-z-]{0,39}$')
);
CREATE INDEX order_exception_by_age ON loyalty.order_exception (at) WHERE settled_at is null
"""


def upgrade() -> None:
    """Create the tables of orders."""
    for statements in (
        _ORDER,
        _ORDER_LINE,
        _SHIPMENT,
        _SHIPMENT_LINE,
        _RETURN,
        _RETURN_LINE,
        _UNMATCHED_RETURN,
        _DECISION,
        _ORDER_VOUCHER,
        _ORDER_EXCEPTION,
    ):
        op.execute(statements)


def downgrade() -> None:
    """Drop the tables of orders, the referring ones first."""
    for name in (
        "order_exception",
        "order_voucher",
        "decision",
        "unmatched_return",
        "return_line",
        "return",
        "shipment_line",
        "shipment",
        "order_line",
        "order",
    ):
        op.execute(f'drop table loyalty."{name}"')
