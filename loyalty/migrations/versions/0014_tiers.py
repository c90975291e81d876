"""Drafts and previews of ladders, assets as metrics, upgrades at the next period, mergers."""

from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels = None
depends_on = None

RULES = (
    "'joined', 'reached', 'kept', 'stepped-down', 'fell-to-earned', 'returned', 'corrected', "
    "'ladder-changed', 'floor-set', 'floor-ended', 'frozen', 'thawed'"
)

LADDER = """
alter table tiers.ladder
    add column moves text collate "C",
    add constraint ladder_moves_are_known check (moves in ('at-once', 'next-review'))
"""

ACTIVITY = """
alter table tiers.activity
    add column asset text collate "C",
    add column part boolean not null default false
"""

PARTS = """
update tiers.activity as later set part = true
where exists (
    select from tiers.activity as first
    where first.member = later.member and first.order_id = later.order_id
        and first.shipment < later.shipment
)
"""

IN_PARTS = "create index activity_in_parts on tiers.activity (member, order_id) where part"

STANDING = """
alter table tiers.standing
    add column rises_to text collate "C",
    add column rises_rank smallint,
    add column rises_on date,
    add column fall_told date,
    drop constraint standing_bottom_kept_for_ever,
    drop constraint standing_falls_downward,
    add constraint standing_bottom_kept_for_ever check (
        tier_rank > 0 or (valid_until is null and coalesce(rises_on < falls_on, falls_on is null))
    ),
    add constraint standing_falls_downward check (
        num_nulls(falls_to, falls_rank, falls_on) in (0, 3)
        and (falls_rank < tier_rank or coalesce(
            falls_rank < rises_rank and rises_on < falls_on, falls_on is null
        ))
    ),
    add constraint standing_rises_upward check (
        num_nulls(rises_to, rises_rank, rises_on) in (0, 3)
        and (rises_rank > tier_rank or coalesce(
            rises_rank > falls_rank and falls_on <= rises_on, rises_on is null
        ))
    )
"""

CHANGE = """
alter table tiers.standing_change
    drop constraint standing_change_rule_is_known,
    add constraint standing_change_rule_is_known check (rule in ({rules}))
"""

DRAFT = """
create table tiers.draft (
    id uuid not null,
    document jsonb not null,
    made_at timestamptz not null,
    made_by text collate "C" not null,
    request_id text collate "C" not null,
    moves text collate "C",
    starts_on date,
    published integer,
    retired_at timestamptz,
    constraint draft_stored_once primary key (id),
    constraint draft_document_is_object check (jsonb_typeof(document) = 'object'),
    constraint draft_published_or_retired_not_both check (
        published is null or retired_at is null
    ),
    constraint draft_moves_are_known check (moves in ('at-once', 'next-review')),
    constraint draft_start_says_how check (starts_on is null or moves is not null)
)
"""

PREVIEW = """
create table tiers.draft_preview (
    draft uuid not null,
    number integer not null,
    on_day date not null,
    figures jsonb not null,
    made_at timestamptz not null,
    made_by text collate "C" not null,
    request_id text collate "C" not null,
    constraint draft_preview_numbered_once primary key (draft, number),
    constraint draft_preview_of_a_draft foreign key (draft) references tiers.draft (id),
    constraint draft_preview_number_positive check (number > 0),
    constraint draft_preview_figures_is_object check (jsonb_typeof(figures) = 'object')
)
"""

BEFORE = (
    "drop table tiers.draft_preview",
    "drop table tiers.draft",
    CHANGE.format(rules=RULES),
    """
    alter table tiers.standing
        drop constraint standing_rises_upward,
        drop constraint standing_falls_downward,
        drop constraint standing_bottom_kept_for_ever,
        drop column rises_to, drop column rises_rank, drop column rises_on,
        drop column fall_told,
        add constraint standing_bottom_kept_for_ever check (
            tier_rank > 0 or (valid_until is null and falls_on is null)
        ),
        add constraint standing_falls_downward check (
            num_nulls(falls_to, falls_rank, falls_on) in (0, 3) and falls_rank < tier_rank
        )
    """,
    "alter table tiers.activity drop column part, drop column asset",
    "alter table tiers.ladder drop constraint ladder_moves_are_known, drop column moves",
)


def upgrade() -> None:
    """Add the columns and tables, and mark what has been shipped in several parts."""
    for statement in (LADDER, ACTIVITY, PARTS, IN_PARTS, STANDING):
        op.execute(statement)
    op.execute(CHANGE.format(rules=f"{RULES}, 'merged', 'imported'"))
    for statement in (DRAFT, PREVIEW):
        op.execute(statement)


def downgrade() -> None:
    """Take them away again; changes of the new kinds must not exist."""
    for statement in BEFORE:
        op.execute(statement)
