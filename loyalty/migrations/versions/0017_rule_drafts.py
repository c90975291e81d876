"""Drafts of rules, and what members do besides buying.

What: three tables, new and empty. Why: several rules are changed together and published at an
instant; reviews, check-ins and the like may earn. Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels = None
depends_on = None

DRAFT = """
create table benefits.rule_draft (
    id uuid not null,
    rules jsonb not null,
    retired text[] collate "C" not null,
    groups jsonb not null,
    based_on integer,
    made_at timestamptz not null,
    made_by text collate "C" not null,
    request_id text collate "C" not null,
    published integer,
    live_from timestamptz,
    retired_at timestamptz,
    constraint rule_draft_stored_once primary key (id),
    constraint rule_draft_is_published_as_a_set foreign key (published)
        references benefits.rule_set (version),
    constraint rule_draft_rules_is_list check (jsonb_typeof(rules) = 'array'),
    constraint rule_draft_groups_is_object check (jsonb_typeof(groups) = 'object'),
    constraint rule_draft_published_says_from_when check (
        (published is null) = (live_from is null)
    )
)
"""

KIND = """
create table loyalty.activity_kind (
    kind text collate "C" not null,
    titles jsonb not null,
    created_at timestamptz not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    retired_at timestamptz,
    constraint activity_kind_named_once primary key (kind),
    constraint activity_kind_is_a_code check (kind ~ '^[a-z][a-z0-9-]{0,39}$'),
    constraint activity_kind_titles_is_object check (jsonb_typeof(titles) = 'object')
)
"""

ACTIVITY = """
create table loyalty.activity (
    member uuid not null,
    id uuid not null,
    kind text collate "C" not null,
    occurred_at timestamptz not null,
    channel text collate "C" not null,
    policy integer not null,
    rule_set integer not null,
    points bigint not null,
    journal uuid,
    activates_at timestamptz,
    decision text not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint activity_recorded_once primary key (member, id),
    constraint activity_belongs_to_a_member foreign key (member) references loyalty.member (id),
    constraint activity_points_not_negative check (points >= 0),
    constraint activity_with_points_has_a_journal check ((points > 0) = (journal is not null))
)
"""


def upgrade() -> None:
    """Add the tables, new and empty."""
    for statement in (DRAFT, KIND, ACTIVITY):
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    for name in ("loyalty.activity", "loyalty.activity_kind", "benefits.rule_draft"):
        op.execute(f"drop table {name}")
