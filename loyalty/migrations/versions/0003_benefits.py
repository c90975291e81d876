"""Schema of benefits: rules and their sets, price lists, voucher definitions, vouchers, uses.

Takes no lock that anybody waits for: everything is new. The functions that move vouchers are in
``benefits/sql`` and are applied after the last migration.
"""

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None

RULES = (
    """
    create table benefits.rule_version (
        rule text collate "C" not null,
        version integer not null,
        document jsonb not null,
        created_at timestamptz not null,
        created_by text collate "C" not null,
        constraint rule_version_numbered_once primary key (rule, version),
        constraint rule_version_positive check (version > 0),
        constraint rule_version_document_names_its_rule check (document ->> 'rule' = rule)
    )
    """,
    """
    create table benefits.rule_set (
        version integer not null,
        live_from timestamptz not null,
        zone text collate "C" not null,
        tiers text[] collate "C" not null,
        groups jsonb not null,
        published_at timestamptz not null,
        published_by text collate "C" not null,
        constraint rule_set_version_published_once primary key (version),
        constraint rule_set_version_positive check (version > 0),
        constraint rule_set_groups_is_object check (jsonb_typeof(groups) = 'object')
    )
    """,
    "create index rule_set_live on benefits.rule_set (live_from desc, version desc)",
    """
    create table benefits.rule_set_rule (
        rule_set integer not null,
        rule text collate "C" not null,
        rule_version integer not null,
        constraint rule_set_rule_stands_once primary key (rule_set, rule),
        constraint rule_set_rule_is_of_a_published_set
            foreign key (rule_set) references benefits.rule_set (version),
        constraint rule_set_rule_is_a_stored_version
            foreign key (rule, rule_version) references benefits.rule_version (rule, version)
    )
    """,
)

PRICES = (
    """
    create table benefits.price_list (
        name text collate "C" not null,
        created_at timestamptz not null,
        created_by text collate "C" not null,
        constraint price_list_named_once primary key (name)
    )
    """,
    """
    create table benefits.price (
        sku text collate "C" not null,
        price_list text collate "C" not null,
        starts_at timestamptz not null,
        amount bigint,
        regular bigint,
        created_at timestamptz not null,
        created_by text collate "C" not null,
        constraint price_starts_once primary key (sku, price_list, starts_at),
        constraint price_is_of_a_list
            foreign key (price_list) references benefits.price_list (name),
        constraint price_amount_not_negative check (amount >= 0),
        constraint price_amount_at_most_regular check (amount <= regular)
    )
    """,
)

VOUCHERS = (
    """
    create table benefits.voucher_definition (
        name text collate "C" not null,
        titles jsonb not null,
        uses integer not null,
        valid_for_days integer,
        tax_class text collate "C" not null,
        birthday_window text collate "C",
        created_at timestamptz not null,
        created_by text collate "C" not null,
        retired_at timestamptz,
        constraint voucher_definition_named_once primary key (name),
        constraint voucher_definition_uses_positive check (uses between 1 and 1000000),
        constraint voucher_definition_validity_positive
            check (valid_for_days between 1 and 36500),
        constraint voucher_definition_tax_class_is_known
            check (tax_class in ('discount', 'single-purpose', 'multi-purpose')),
        constraint voucher_definition_birthday_window_is_known
            check (birthday_window in ('day', 'week', 'month'))
    )
    """,
    """
    create table benefits.voucher (
        member uuid not null,
        id uuid not null,
        code text collate "C" not null,
        definition text collate "C" not null,
        starts_at timestamptz not null,
        expires_at timestamptz,
        amount bigint,
        skus text[] collate "C" not null,
        uses integer not null,
        uses_reserved integer not null default 0,
        uses_redeemed integer not null default 0,
        uses_overrun integer not null default 0,
        birthday_year smallint,
        issued_at timestamptz not null,
        voided_at timestamptz,
        constraint voucher_issued_once primary key (member, id),
        constraint voucher_code_once_per_member unique (member, code),
        constraint voucher_uses_positive check (uses > 0),
        constraint voucher_reserved_not_negative check (uses_reserved >= 0),
        constraint voucher_redeemed_not_negative check (uses_redeemed >= 0),
        constraint voucher_overrun_not_negative check (uses_overrun >= 0),
        constraint voucher_not_used_too_often check (uses_reserved + uses_redeemed <= uses),
        constraint voucher_expires_after_it_starts check (expires_at > starts_at),
        constraint voucher_amount_positive check (amount > 0),
        constraint voucher_code_has_a_length check (length(code) between 4 and 64)
    ) with (fillfactor = 90)
    """,
    """
    create unique index voucher_birthday_once_a_year
    on benefits.voucher (member, definition, birthday_year) where birthday_year is not null
    """,
    """
    create table benefits.voucher_use (
        member uuid not null,
        voucher uuid not null,
        order_id uuid not null,
        used_by uuid not null,
        state text collate "C" not null,
        overrun boolean not null default false,
        reserved_at timestamptz,
        redeemed_at timestamptz,
        given_back_at timestamptz,
        constraint voucher_use_once_per_order primary key (member, voucher, order_id),
        constraint voucher_use_is_of_a_voucher
            foreign key (member, voucher) references benefits.voucher (member, id),
        constraint voucher_use_state_is_known
            check (state in ('reserved', 'redeemed', 'released', 'returned')),
        constraint voucher_use_reserved_has_an_instant
            check (state <> 'reserved' or reserved_at is not null),
        constraint voucher_use_redeemed_has_an_instant
            check (state <> 'redeemed' or redeemed_at is not null)
    )
    """,
    """
    create type benefits.voucher_outcome as (
        voucher uuid,
        code text,
        replayed boolean,
        overrun boolean,
        seen integer,
        wanted integer
    )
    """,
)

USES = (
    """
    create table benefits.rule_use (
        member uuid not null,
        order_id uuid not null,
        rule text collate "C" not null,
        version integer not null,
        amount bigint not null,
        points bigint not null,
        state text collate "C" not null,
        used_at timestamptz not null,
        constraint rule_use_once_per_order primary key (member, order_id, rule),
        constraint rule_use_amount_not_negative check (amount >= 0),
        constraint rule_use_points_not_negative check (points >= 0),
        constraint rule_use_state_is_known
            check (state in ('reserved', 'consumed', 'given-back'))
    )
    """,
    "create index rule_use_of_member on benefits.rule_use (member, rule, used_at)",
)


def upgrade() -> None:
    """Create the schema."""
    op.execute("create schema benefits")
    for statement in (*RULES, *PRICES, *VOUCHERS, *USES):
        op.execute(statement)


def downgrade() -> None:
    """Drop the schema with its functions."""
    op.execute("drop schema benefits cascade")
