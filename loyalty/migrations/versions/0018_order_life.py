"""Exchanges, chargebacks, guests' orders, deliveries, gifts, and exceptions that somebody settles.

What: three tables, new and empty, a kind of return, a column that ties a gift to its line, and who
settled an exception, how and why. Why: what happens to an order after it was placed is a fact of
its own, and a fact that lacked something is worked through by somebody. Locks: the columns added
are constant or null, so no table is rewritten but the short one of exceptions; the index on days of
returns keeps those who write returns waiting for one pass over them.
"""

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.order_exchange (
        member uuid not null,
        order_id uuid not null,
        return_id uuid not null,
        replacement uuid not null,
        recorded_at timestamptz not null default transaction_timestamp(),
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint order_exchange_has_one_row primary key (member, order_id, return_id),
        constraint order_exchange_is_of_a_return foreign key (member, order_id, return_id)
            references loyalty."return" (member, order_id, id),
        constraint order_exchange_is_for_another_order check (replacement <> order_id)
    )
    """,
    "create index order_exchange_by_replacement on loyalty.order_exchange (replacement)",
    """
    create table loyalty.order_claim (
        member uuid not null,
        order_id uuid not null,
        proof text collate "C" not null,
        claimed_at timestamptz not null,
        rule_set integer not null,
        revision integer not null,
        facts jsonb not null,
        document text not null,
        recorded_at timestamptz not null default transaction_timestamp(),
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint order_claim_has_one_row primary key (member, order_id),
        constraint order_claim_is_of_an_order foreign key (member, order_id)
            references loyalty."order" (member, id),
        constraint order_claim_is_by_somebody check (member <> order_id),
        constraint order_claim_proof_is_a_code check (proof ~ '^[a-z][a-z0-9-]{0,39}$')
    )
    """,
    """
    create table loyalty.delivery (
        member uuid not null,
        order_id uuid not null,
        shipment uuid not null,
        delivered_at timestamptz not null,
        recorded_at timestamptz not null default transaction_timestamp(),
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint delivery_has_one_row_a_shipment primary key (member, order_id, shipment),
        constraint delivery_is_of_a_shipment foreign key (member, order_id, shipment)
            references loyalty.shipment (member, order_id, id)
    )
    """,
    """
    alter table loyalty."return"
        add column kind text collate "C" not null default 'return',
        add constraint return_kind_is_known check (kind in ('return', 'chargeback'))
    """,
    'create index return_by_day on loyalty."return" ("on")',
    """
    alter table loyalty.order_line
        add column gift_with smallint,
        add constraint order_line_gift_costs_nothing check (
            gift_with is null or (total = 0 and points = 0 and gift_with <> line_no))
    """,
    """
    alter table loyalty.order_exception
        add column id uuid not null default gen_random_uuid(),
        add column locked boolean not null default false,
        add column settled_by text collate "C",
        add column outcome text collate "C",
        add column reason text collate "C",
        add column reference text collate "C",
        add constraint order_exception_has_one_id unique (id, member),
        add constraint order_exception_is_settled_whole check (
            (settled_at is null) = (settled_by is null)
            and (settled_at is null) = (outcome is null)
            and (settled_at is null) = (reason is null)
            and (reference is null or settled_at is not null)),
        add constraint order_exception_outcome_is_known check (
            outcome in ('settled', 'released', 'upheld')),
        add constraint order_exception_reason_is_a_code check (
            reason ~ '^[a-z][a-z0-9-]{0,39}$')
    """,
    "alter table loyalty.order_exception alter column id drop default",
    "drop index loyalty.order_exception_by_age",
    """
    create index order_exception_by_age on loyalty.order_exception (at, id)
        where settled_at is null
    """,
)


def upgrade() -> None:
    """Create the tables, and tell returns, gifts and exceptions more of themselves."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
