"""Schema of tiers: published ladders, activity, standings and the history of their changes."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

LADDER = """
create table tiers.ladder (
    version integer not null,
    document jsonb not null,
    published_at timestamptz not null,
    published_by text collate "C" not null,
    request_id text collate "C" not null,
    constraint ladder_version_published_once primary key (version),
    constraint ladder_version_positive check (version > 0),
    constraint ladder_document_is_object check (jsonb_typeof(document) = 'object')
)
"""

ACTIVITY = """
create table tiers.activity (
    member uuid not null,
    order_id uuid not null,
    shipment uuid not null,
    completed_on date not null,
    purchases bigint not null,
    returned bigint not null,
    constraint activity_recorded_once_per_shipment primary key (member, order_id, shipment),
    constraint activity_purchases_not_negative check (purchases >= 0),
    constraint activity_returned_within_purchases check (returned between 0 and purchases)
) with (fillfactor = 90)
"""

STANDING = """
create table tiers.standing (
    member uuid not null,
    ladder integer not null,
    number integer not null,
    replaces integer,
    joined_on date not null,
    seed_tier text collate "C" not null,
    seed_rank smallint not null,
    seed_on date not null,
    seed_since date not null,
    seed_until date,
    tier text collate "C" not null,
    tier_rank smallint not null,
    since date not null,
    valid_until date,
    grace_from date,
    falls_to text collate "C",
    falls_rank smallint,
    falls_on date,
    due_on date,
    decided_through date not null,
    floor_tier text collate "C",
    floor_rank smallint,
    floor_until date,
    floor_reason text collate "C",
    frozen_tier text collate "C",
    frozen_rank smallint,
    frozen_reason text collate "C",
    constraint standing_one_per_member primary key (member),
    constraint standing_number_positive check (number > 0),
    constraint standing_replaces_an_earlier_one check (replaces <= number),
    constraint standing_ranks_not_negative check (
        tier_rank >= 0 and seed_rank >= 0 and frozen_rank >= 0 and floor_rank >= 0
    ),
    constraint standing_valid_after_since check (valid_until > since),
    constraint standing_bottom_kept_for_ever check (
        tier_rank > 0 or (valid_until is null and falls_on is null)
    ),
    constraint standing_falls_downward check (
        num_nulls(falls_to, falls_rank, falls_on) in (0, 3) and falls_rank < tier_rank
    ),
    constraint standing_floor_has_end_and_reason check (
        num_nulls(floor_tier, floor_rank, floor_until, floor_reason) in (0, 4)
    ),
    constraint standing_freeze_has_reason check (
        num_nulls(frozen_tier, frozen_rank, frozen_reason) in (0, 3)
    ),
    constraint standing_reasons_are_codes check (
        floor_reason ~ '^[a-z0-9:._-]{1,80}$' and frozen_reason ~ '^[a-z0-9:._-]{1,80}$'
    ),
    constraint standing_since_not_in_future check (since <= decided_through)
) with (fillfactor = 80)
"""

STANDING_CHANGE = """
create table tiers.standing_change (
    member uuid not null,
    number integer not null,
    effective_on date not null,
    rule text collate "C" not null,
    tier_before text collate "C",
    tier text collate "C" not null,
    earned text collate "C" not null,
    ladder integer not null,
    valid_until date,
    figures jsonb not null,
    recorded_at timestamptz not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    reason text collate "C",
    constraint standing_change_numbered_once primary key (member, number),
    constraint standing_change_number_positive check (number > 0),
    constraint standing_change_rule_is_known check (
        rule in ('joined', 'reached', 'kept', 'stepped-down', 'fell-to-earned', 'returned',
                 'corrected', 'ladder-changed', 'floor-set', 'floor-ended', 'frozen', 'thawed')
    ),
    constraint standing_change_reason_is_code check (reason ~ '^[a-z0-9:._-]{1,80}$'),
    constraint standing_change_figures_is_object check (jsonb_typeof(figures) = 'object')
)
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute("create schema if not exists tiers")
    for statement in (LADDER, ACTIVITY, STANDING, STANDING_CHANGE):
        op.execute(statement)
    op.execute(
        "create index standing_due on tiers.standing (due_on, member) where due_on is not null"
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("standing_change", "standing", "activity", "ladder"):
        op.execute(f"drop table tiers.{table}")
    op.execute("drop schema tiers")
