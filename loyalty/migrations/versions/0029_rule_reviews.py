"""Drafts of rules may be looked at by a second person before they are published.

What: a table of reviews, new and empty, and who wrote a draft, filled with who made it. Why: a
programme may ask that nobody publishes what they alone have seen. Locks: the few rows of drafts are
written anew.
"""

from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels = None
depends_on = None

_STEPS = (
    'alter table benefits.rule_draft add column authors text[] collate "C"',
    "update benefits.rule_draft set authors = array[made_by]",
    """
    alter table benefits.rule_draft
        alter column authors set not null,
        add constraint rule_draft_has_an_author check (cardinality(authors) > 0)
    """,
    """
    create table benefits.rule_draft_review (
        draft uuid not null,
        number integer not null,
        digest text collate "C" not null,
        authors text[] collate "C" not null,
        handed_in_at timestamptz not null,
        handed_in_by text collate "C" not null,
        request_id text collate "C" not null,
        verdict text collate "C",
        rule_set integer,
        reason text collate "C",
        decided_at timestamptz,
        decided_by text collate "C",
        constraint rule_draft_review_numbered_once primary key (draft, number),
        constraint rule_draft_review_is_of_a_draft foreign key (draft)
            references benefits.rule_draft (id),
        constraint rule_draft_review_looks_at_a_published_set foreign key (rule_set)
            references benefits.rule_set (version),
        constraint rule_draft_review_number_positive check (number > 0),
        constraint rule_draft_review_digest_is_sha256 check (digest ~ '^[0-9a-f]{64}$'),
        constraint rule_draft_review_knows_who_handed_in check (handed_in_by = any (authors)),
        constraint rule_draft_review_verdict_is_known
            check (verdict in ('approved', 'sent-back')),
        constraint rule_draft_review_verdict_says_when
            check ((verdict is null) = (decided_at is null)),
        constraint rule_draft_review_verdict_says_who
            check ((verdict is null) = (decided_by is null)),
        constraint rule_draft_review_sent_back_says_why
            check (verdict <> 'sent-back' or length(btrim(coalesce(reason, ''))) > 0),
        constraint rule_draft_review_is_by_another
            check (verdict <> 'approved' or decided_by <> all (authors))
    )
    """,
    """
    create unique index rule_draft_review_is_open_once
        on benefits.rule_draft_review (draft) where verdict is null
    """,
)
_BACK = (
    "drop trigger if exists rule_draft_is_frozen_in_review on benefits.rule_draft",
    "drop table benefits.rule_draft_review",
    "alter table benefits.rule_draft drop column authors",
)


def upgrade() -> None:
    """Add the table, and the authors of the drafts there are."""
    for statement in _STEPS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    for statement in _BACK:
        op.execute(statement)
