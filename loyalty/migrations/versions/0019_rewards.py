"""The catalogue of rewards and what members order from it.

What: seven tables, new and empty. Why: what points buy has versions, stock and limits, and an order
of it moves points and stock together. Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels = None
depends_on = None

REWARD = """
create table loyalty.reward (
    id uuid not null,
    code text collate "C" not null,
    kind text collate "C" not null,
    counted boolean not null,
    made_at timestamptz not null,
    retired_at timestamptz,
    draft jsonb,
    draft_tax_class text collate "C",
    draft_tax_chosen_by text collate "C",
    draft_changed_at timestamptz,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint reward_has_one_row primary key (id),
    constraint reward_code_is_taken_once unique (code),
    constraint reward_code_is_a_code check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
    constraint reward_kind_is_known check (kind in ('goods', 'voucher', 'service', 'event')),
    constraint reward_draft_tax_class_is_known check
        (draft_tax_class in ('discount', 'single-purpose', 'multi-purpose')),
    constraint reward_draft_is_whole check
        ((draft is null) = (draft_changed_at is null)
            and (draft is not null or draft_tax_class is null)
            and (draft_tax_class is not null or draft_tax_chosen_by is null)),
    constraint reward_is_retired_after_it_was_made check (retired_at >= made_at)
);
"""

VERSION = """
create table loyalty.reward_version (
    reward uuid not null,
    number integer not null,
    document jsonb not null,
    points bigint not null,
    money bigint not null,
    tiers text[] collate "C" not null,
    tax_class text collate "C" not null,
    tax_chosen_by text collate "C",
    published_at timestamptz not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint reward_version_numbered_once primary key (reward, number),
    constraint reward_version_is_of_a_reward foreign key
        (reward) references loyalty.reward (id),
    constraint reward_version_number_is_positive check (number > 0),
    constraint reward_version_costs_points check (points > 0),
    constraint reward_version_money_not_negative check (money >= 0),
    constraint reward_version_document_says_its_price check
        ((document ->> 'points')::bigint = points and (document ->> 'money')::bigint = money),
    constraint reward_version_tax_class_is_known check
        (tax_class in ('discount', 'single-purpose', 'multi-purpose')),
    constraint reward_version_for_points_alone_was_classed_by_finance check
        (money > 0 or tax_chosen_by is not null)
);
"""

SHELF = """
create table loyalty.reward_shelf (
    reward uuid not null,
    version integer not null,
    stocked bigint,
    taken bigint not null default 0,
    constraint reward_shelf_has_one_row_per_reward primary key (reward),
    constraint reward_shelf_is_of_a_reward foreign key (reward) references loyalty.reward (id),
    constraint reward_shelf_version_not_negative check (version >= 0),
    constraint reward_shelf_taken_not_negative check (taken >= 0),
    constraint reward_shelf_is_not_oversold check (taken <= stocked)
) with (fillfactor = 70);
"""

STOCK_CHANGE = """
create table loyalty.reward_stock_change (
    id uuid not null,
    reward uuid not null,
    amount bigint not null,
    reason text collate "C" not null,
    reference text collate "C",
    changed_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint reward_stock_change_has_one_row primary key (id),
    constraint reward_stock_change_is_of_a_reward foreign key
        (reward) references loyalty.reward (id),
    constraint reward_stock_change_changes_something check (amount <> 0),
    constraint reward_stock_change_reason_is_a_code check (reason ~ '^[a-z][a-z0-9-]{0,39}$'),
    constraint reward_stock_change_reference_is_a_code check
        (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$')
);

create index reward_stock_change_by_reward on loyalty.reward_stock_change (reward, id);
"""

PERIOD = """
create table loyalty.reward_period (
    reward uuid not null,
    every text collate "C" not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    taken bigint not null,
    allowed bigint not null,
    constraint reward_period_has_one_row primary key (reward, every, starts_at),
    constraint reward_period_is_known check (every in ('day', 'week', 'month', 'year')),
    constraint reward_period_ends_after_it_starts check (ends_at > starts_at),
    constraint reward_period_is_not_oversold check (taken between 0 and allowed)
);
"""

ALLOWANCE = """
create table loyalty.reward_allowance (
    member uuid not null,
    reward uuid not null,
    every text collate "C" not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    taken bigint not null,
    allowed bigint not null,
    constraint reward_allowance_has_one_row primary key (member, reward, every, starts_at),
    constraint reward_allowance_belongs_to_a_member foreign key
        (member) references loyalty.member (id),
    constraint reward_allowance_is_known check
        (every in ('day', 'week', 'month', 'year', 'ever')),
    constraint reward_allowance_ends_after_it_starts check
        ((every = 'ever') = (ends_at is null) and ends_at > starts_at),
    constraint reward_allowance_is_not_exceeded check (taken between 0 and allowed)
);
"""

ORDER = """
create table loyalty.reward_order (
    member uuid not null,
    id uuid not null,
    reward uuid not null,
    version integer not null,
    kind text collate "C" not null,
    quantity bigint not null,
    state text collate "C" not null,
    points bigint not null,
    money bigint not null,
    tax bigint not null,
    regular bigint,
    points_value bigint not null,
    taxable bigint not null,
    tax_class text collate "C" not null,
    currency text collate "C" not null,
    voucher uuid,
    ordered_at timestamptz not null,
    fulfilled_at timestamptz,
    fulfilment text collate "C",
    cancelled_at timestamptz,
    cancel_reason text collate "C",
    restocked boolean,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint reward_order_has_one_row primary key (member, id),
    constraint reward_order_belongs_to_a_member foreign key
        (member) references loyalty.member (id),
    constraint reward_order_quantity_is_positive check (quantity > 0),
    constraint reward_order_costs_points check (points > 0),
    constraint reward_order_money_not_negative check (money >= 0),
    constraint reward_order_tax_is_in_its_money check (tax between 0 and money),
    constraint reward_order_values_not_negative check
        (least(points_value, taxable) >= 0 and taxable >= money),
    constraint reward_order_tax_class_is_known check
        (tax_class in ('discount', 'single-purpose', 'multi-purpose')),
    constraint reward_order_state_is_known check
        (state in ('ordered', 'fulfilled', 'cancelled')),
    constraint reward_order_fulfilled_says_when check
        ((state <> 'ordered' or fulfilled_at is null)
            and (state <> 'fulfilled' or fulfilled_at is not null)
            and (fulfilled_at is not null or fulfilment is null)),
    constraint reward_order_cancelled_says_why check
        ((state = 'cancelled') = (cancelled_at is not null)
            and num_nulls(cancelled_at, cancel_reason, restocked) in (0, 3)),
    constraint reward_order_of_a_voucher_has_one check
        ((kind = 'voucher') = (voucher is not null) and (kind <> 'voucher' or quantity = 1)),
    constraint reward_order_fulfilment_is_a_code check
        (fulfilment ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$')
);

create index reward_order_by_reward on loyalty.reward_order (reward, ordered_at);

create index reward_order_newest_first on loyalty.reward_order (id);

create index reward_order_to_fulfil on loyalty.reward_order (id) where state = 'ordered';
"""

TABLES = {
    "reward": REWARD,
    "reward_version": VERSION,
    "reward_shelf": SHELF,
    "reward_stock_change": STOCK_CHANGE,
    "reward_period": PERIOD,
    "reward_allowance": ALLOWANCE,
    "reward_order": ORDER,
}


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.values():
        op.execute(statement)


def downgrade() -> None:
    """Drop the functions and the tables; only what nobody has ordered from may be dropped."""
    for function in ("take_reward", "count_reward", "cancel_reward_order", "stock_reward"):
        op.execute(f"drop function if exists loyalty.{function}")
    for table in reversed(TABLES):
        op.execute(f"drop table loyalty.{table}")
