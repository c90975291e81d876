"""What definitions of vouchers say in full, batches of codes, grants of orders, and who guesses.

What: columns of definitions and vouchers, new tables, and four indexes. Why: codes in bulk, from
outside, for a later order, and for one member so often. Locks: the columns are null or have a
constant default, so no row is rewritten; building the indexes waits for writers of vouchers.
"""

from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels = None
depends_on = None

_STEPS = (
    """
    alter table benefits.voucher_definition
        add column minimum_order bigint,
        add column valid_from timestamptz,
        add column valid_until timestamptz,
        add column uses_per_member integer,
        add column binding text collate "C" not null default 'any',
        add constraint voucher_definition_minimum_positive check (minimum_order > 0),
        add constraint voucher_definition_window_opens check (valid_until > valid_from),
        add constraint voucher_definition_uses_per_member_positive check (uses_per_member > 0),
        add constraint voucher_definition_binding_is_known
            check (binding in ('member', 'free', 'any'))
    """,
    """
    alter table benefits.voucher
        add column batch uuid,
        add column void_reason text collate "C",
        add constraint voucher_void_reason_is_of_a_void_one
            check (void_reason is null or voided_at is not null)
    """,
    "create index voucher_by_id on benefits.voucher (id)",
    "create index voucher_by_definition on benefits.voucher (definition, id)",
    "create index voucher_by_batch on benefits.voucher (batch, id) where batch is not null",
    "create index voucher_use_by_user on benefits.voucher_use (used_by, voucher)",
    """
    create table loyalty.voucher_batch (
        id uuid not null,
        definition text collate "C" not null,
        kind text collate "C" not null,
        bound boolean not null,
        wanted integer not null,
        made integer not null default 0,
        starts_at timestamptz not null,
        expires_at timestamptz,
        asked_at timestamptz not null,
        finished_at timestamptz,
        codes_read_at timestamptz,
        voided_at timestamptz,
        void_reason text collate "C",
        voided integer,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint voucher_batch_has_one_row primary key (id),
        constraint voucher_batch_kind_is_known check (kind in ('minted', 'imported')),
        constraint voucher_batch_wants_some check (wanted between 1 and 100000),
        constraint voucher_batch_makes_no_more check (made between 0 and wanted),
        constraint voucher_batch_expires_after_it_starts check (expires_at > starts_at),
        constraint voucher_batch_is_void_for_a_reason
            check ((voided_at is null) = (void_reason is null)),
        constraint voucher_batch_codes_are_read_when_made
            check (codes_read_at is null or finished_at is not null)
    )
    """,
    "create index voucher_batch_by_definition on loyalty.voucher_batch (definition, id)",
    """
    create table loyalty.voucher_batch_member (
        batch uuid not null,
        member uuid not null,
        constraint voucher_batch_member_is_named_once primary key (batch, member),
        constraint voucher_batch_member_is_of_a_batch
            foreign key (batch) references loyalty.voucher_batch (id)
    )
    """,
    """
    create table loyalty.voucher_guess (
        subject text collate "C" not null,
        began_at timestamptz not null,
        guesses integer not null,
        constraint voucher_guess_has_one_row primary key (subject),
        constraint voucher_guess_counts_some check (guesses > 0)
    )
    """,
    """
    create table loyalty.order_grant (
        member uuid not null,
        order_id uuid not null,
        voucher uuid not null,
        code text collate "C" not null,
        rule text collate "C" not null,
        rule_version integer not null,
        definition text collate "C" not null,
        granted_at timestamptz not null,
        constraint order_grant_has_one_row primary key (member, order_id, voucher),
        constraint order_grant_belongs_to_an_order
            foreign key (member, order_id) references loyalty."order" (member, id),
        constraint order_grant_rule_version_positive check (rule_version > 0)
    )
    """,
)


def upgrade() -> None:
    """Add the columns and the indexes, and create the tables."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
