"""Plans tried over past orders from a page: what was asked, and what came of it.

What: two tables, new and empty. Why: deciding a year's orders again is a worker's work, and what it
found is looked at later. Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.plan_run (
        id uuid not null,
        draft uuid not null,
        change jsonb not null,
        plan text collate "C" not null,
        fee bigint not null,
        days integer not null,
        asked_at timestamptz not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint plan_run_has_one_row primary key (id),
        constraint plan_run_days_are_possible check (days between 1 and 1100),
        constraint plan_run_fee_positive check (fee > 0),
        constraint plan_run_plan_is_a_code check (plan ~ '^[a-z][a-z0-9-]{0,39}$'),
        constraint plan_run_change_is_an_object check (jsonb_typeof(change) = 'object')
    )
    """,
    "create index plan_run_by_draft on loyalty.plan_run (draft, id)",
    """
    create table loyalty.plan_run_result (
        run uuid not null,
        figures jsonb,
        failure text collate "C",
        finished_at timestamptz not null,
        constraint plan_run_result_is_written_once primary key (run),
        constraint plan_run_result_is_of_a_run
            foreign key (run) references loyalty.plan_run (id),
        constraint plan_run_result_is_figures_or_a_failure
            check ((figures is null) <> (failure is null)),
        constraint plan_run_figures_are_an_object check (jsonb_typeof(figures) = 'object')
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
