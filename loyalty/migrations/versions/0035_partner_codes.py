"""What partners give to members of a plan, by codes that were brought in.

What: three empty tables. Why: a plan may come with codes of others, each given to one member.
Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.partner_benefit (
        plan text collate "C" not null,
        code text collate "C" not null,
        titles jsonb not null,
        each text collate "C" not null,
        at_end text collate "C" not null,
        opened_at timestamptz not null,
        archived_at timestamptz,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint partner_benefit_code_is_taken_once primary key (plan, code),
        constraint partner_benefit_is_of_a_plan foreign key (plan) references loyalty.plan (code),
        constraint partner_benefit_code_is_a_code check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
        constraint partner_benefit_titles_are_named check (jsonb_typeof(titles) = 'object'),
        constraint partner_benefit_rhythm_is_known check (each in ('membership', 'period')),
        constraint partner_benefit_end_is_known check (at_end in ('keep', 'void')),
        constraint partner_benefit_is_archived_after_it_was_opened check (archived_at >= opened_at)
    )
    """,
    """
    create table loyalty.partner_code (
        id uuid not null,
        plan text collate "C" not null,
        benefit text collate "C" not null,
        code text collate "C" not null,
        added_at timestamptz not null,
        taken_at timestamptz,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint partner_code_has_one_row primary key (id),
        constraint partner_code_is_brought_in_once unique (plan, benefit, code),
        constraint partner_code_is_of_a_benefit foreign key (plan, benefit)
            references loyalty.partner_benefit (plan, code),
        constraint partner_code_is_printable check (code ~ '^[!-~]{1,100}$'),
        constraint partner_code_is_taken_after_it_came check (taken_at >= added_at)
    )
    """,
    """
    create index partner_code_by_what_is_left on loyalty.partner_code (plan, benefit, id)
        where taken_at is null
    """,
    """
    create table loyalty.partner_grant (
        member uuid not null,
        id uuid not null,
        membership uuid not null,
        plan text collate "C" not null,
        benefit text collate "C" not null,
        period timestamptz not null,
        code uuid not null,
        given_at timestamptz not null,
        voided_at timestamptz,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint partner_grant_has_one_row primary key (member, id),
        constraint partner_grant_gives_a_code_once unique (code),
        constraint partner_grant_is_given_once
            unique (member, membership, plan, benefit, period),
        constraint partner_grant_is_of_a_membership foreign key (member, membership)
            references loyalty.membership (member, id) on update cascade,
        constraint partner_grant_is_of_a_benefit foreign key (plan, benefit)
            references loyalty.partner_benefit (plan, code),
        constraint partner_grant_has_a_code foreign key (code)
            references loyalty.partner_code (id),
        constraint partner_grant_is_voided_after_it_was_given check (voided_at >= given_at)
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
