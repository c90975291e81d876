"""Numbered exports of the journal, account maps, and reconciliations.

New tables only; nothing existing is locked.
"""

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None

ACCOUNT_MAP = """
create table loyalty.account_map (
    name text collate "C" not null,
    version integer not null,
    document jsonb not null,
    published_at timestamptz not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint account_map_version_is_unique primary key (name, version),
    constraint account_map_version_is_positive check (version > 0),
    constraint account_map_name_is_a_code check (name ~ '^[a-z][a-z0-9-]{0,39}$')
)
"""

EXPORT = """
create table loyalty.export (
    number bigint not null,
    since date not null,
    until date not null,
    format text collate "C" not null,
    language text collate "C" not null,
    map text collate "C" not null,
    map_version integer not null,
    provisional boolean not null,
    requested_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint export_number_is_unique primary key (number),
    constraint export_names_a_published_map
        foreign key (map, map_version) references loyalty.account_map (name, version),
    constraint export_number_is_positive check (number > 0),
    constraint export_is_of_whole_months check (
        since < until and extract(day from since) = 1 and extract(day from until) = 1
    ),
    constraint export_format_is_known check (format in ('csv', 'xlsx', 'hledger')),
    constraint export_language_is_known check (language in ('en', 'zh'))
)
"""

EXPORT_FILE = """
create table loyalty.export_file (
    number bigint not null,
    revision integer not null,
    seen text collate "C" not null,
    money jsonb not null,
    digest bytea not null,
    size bigint not null,
    entries bigint not null,
    lines bigint not null,
    made_at timestamptz not null,
    constraint export_file_is_one_per_export primary key (number),
    constraint export_file_is_of_an_export
        foreign key (number) references loyalty.export (number),
    constraint export_file_digest_is_a_digest check (octet_length(digest) = 32),
    constraint export_file_counts_something
        check (revision > 0 and least(size, entries, lines) >= 0)
)
"""

RECONCILIATION = """
create table loyalty.reconciliation (
    number bigint not null,
    leg text collate "C" not null,
    since date not null,
    until date not null,
    tolerance bigint not null,
    compared bigint not null,
    agreed bigint not null,
    within_tolerance bigint not null,
    item_count bigint not null,
    totals jsonb not null,
    run_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint reconciliation_number_is_unique primary key (number),
    constraint reconciliation_is_of_a_period check (since < until),
    constraint reconciliation_leg_is_known check (leg in ('orders-ledger', 'shop-orders')),
    constraint reconciliation_tolerance_not_negative check (tolerance >= 0),
    constraint reconciliation_counts_what_it_compared check (
        least(agreed, within_tolerance, item_count) >= 0 and agreed + within_tolerance <= compared
    )
)
"""

ITEM = """
create table loyalty.reconciliation_item (
    reconciliation bigint not null,
    position integer not null,
    member uuid,
    order_id uuid,
    kind text collate "C" not null,
    step text collate "C" not null,
    key text collate "C" not null,
    left_amount bigint,
    right_amount bigint,
    left_state text collate "C",
    right_state text collate "C",
    left_on date,
    right_on date,
    difference text collate "C" not null,
    constraint reconciliation_item_has_one_place_in_its_run
        primary key (reconciliation, position),
    constraint reconciliation_item_belongs_to_a_run
        foreign key (reconciliation) references loyalty.reconciliation (number),
    constraint reconciliation_item_kind_is_known check (
        kind in ('missing-in-ledger', 'missing-in-orders', 'amount-differs', 'timing',
            'missing-in-programme', 'missing-at-shop', 'money-differs', 'status-differs')
    ),
    constraint reconciliation_item_position_is_positive check (position > 0)
)
"""

CLEARING = """
create table loyalty.reconciliation_clearing (
    difference text collate "C" not null,
    reconciliation bigint not null,
    position integer not null,
    reason text collate "C" not null,
    reference text collate "C",
    cleared_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint reconciliation_difference_is_cleared_once primary key (difference),
    constraint reconciliation_clearing_is_of_an_item
        foreign key (reconciliation, position)
        references loyalty.reconciliation_item (reconciliation, position),
    constraint reconciliation_clearing_reason_is_known check (
        reason in ('timing', 'corrected-by-shop', 'corrected-here', 'known-difference',
            'accepted')
    ),
    constraint reconciliation_clearing_reference_is_a_code
        check (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$')
)
"""

INDEXES = (
    "create index reconciliation_by_period on loyalty.reconciliation (leg, since, until, number)",
    "create index reconciliation_item_by_difference on loyalty.reconciliation_item (difference)",
    "create index reconciliation_item_by_order on loyalty.reconciliation_item (order_id)",
)

TABLES = (ACCOUNT_MAP, EXPORT, EXPORT_FILE, RECONCILIATION, ITEM, CLEARING)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for table in ("reconciliation_clearing", "reconciliation_item", "reconciliation"):
        op.execute(f"drop table loyalty.{table}")
    for table in ("export_file", "export", "account_map"):
        op.execute(f"drop table loyalty.{table}")
