"""What the one who bills has reported, and the legs of reconciliation that compare it.

What: three tables, new and empty; the checks of legs and kinds of differences know four more words.
Why: fees are reconciled with Stripe's reports, or with the shop's. Locks: the few rows of
reconciliations are read once for their checks.
"""

from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels = None
depends_on = None

_ADDED = """
        recorded_at timestamptz not null default transaction_timestamp(),
        actor text collate "C" not null,
        request_id text collate "C" not null,
"""
_STEPS = (
    f"""
    create table loyalty.biller_movement (
        adapter text collate "C" not null,
        id text collate "C" not null,
        category text collate "C" not null,
        step text collate "C",
        reference text collate "C",
        certain boolean not null,
        amount bigint not null,
        tax bigint,
        currency text collate "C" not null,
        settled bigint not null,
        settled_in text collate "C" not null,
        at timestamptz not null,
        {_ADDED}
        constraint biller_movement_is_reported_once primary key (adapter, id),
        constraint biller_movement_adapter_is_known check (adapter in ('stripe', 'external')),
        constraint biller_movement_category_is_a_code
            check (category ~ '^[a-z][a-z0-9_-]{{0,63}}$'),
        constraint biller_movement_step_is_known
            check (step in ('billed', 'refunded', 'disputed', 'reinstated')),
        constraint biller_movement_of_a_fee_has_a_reference
            check ((step is null) = (reference is null)),
        constraint biller_movement_tax_is_part_of_it check (abs(tax) <= abs(amount)),
        constraint biller_movement_currency_is_a_code
            check (currency ~ '^[A-Z]{{3}}$' and settled_in ~ '^[A-Z]{{3}}$')
    )
    """,
    "create index biller_movement_by_instant on loyalty.biller_movement (at)",
    f"""
    create table loyalty.biller_settlement (
        adapter text collate "C" not null,
        movement text collate "C" not null,
        payout text collate "C" not null,
        {_ADDED}
        constraint biller_settlement_is_one_per_movement primary key (adapter, movement),
        constraint biller_settlement_is_of_a_movement foreign key (adapter, movement)
            references loyalty.biller_movement (adapter, id)
    )
    """,
    "create index biller_settlement_by_payout on loyalty.biller_settlement (adapter, payout)",
    f"""
    create table loyalty.biller_payout (
        adapter text collate "C" not null,
        id text collate "C" not null,
        payout text collate "C" not null,
        amount bigint not null,
        currency text collate "C" not null,
        at timestamptz not null,
        {_ADDED}
        constraint biller_payout_is_reported_once primary key (adapter, id),
        constraint biller_payout_adapter_is_known check (adapter in ('stripe', 'external')),
        constraint biller_payout_currency_is_a_code check (currency ~ '^[A-Z]{{3}}$')
    )
    """,
    "create index biller_payout_by_payout on loyalty.biller_payout (adapter, payout)",
    """
    alter table loyalty.reconciliation
        drop constraint reconciliation_leg_is_known,
        add constraint reconciliation_leg_is_known check (leg in
            ('orders-ledger', 'shop-orders', 'biller-fees', 'payouts-movements'))
    """,
    """
    alter table loyalty.reconciliation_item
        drop constraint reconciliation_item_kind_is_known,
        add constraint reconciliation_item_kind_is_known check (kind in
            ('missing-in-ledger', 'missing-in-orders', 'amount-differs', 'timing',
             'missing-in-programme', 'missing-at-shop', 'money-differs', 'status-differs',
             'missing-in-memberships', 'missing-at-biller', 'currency-differs',
             'missing-in-movements'))
    """,
)


def upgrade() -> None:
    """Create the tables and let the checks know the new words."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
