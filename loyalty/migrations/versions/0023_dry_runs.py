"""Dry runs of drafts of rules over past orders.

What: three tables, new and empty. Why: a draft is tried on all orders by a job, and what came of
it is kept as it was. Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.dry_run (
        id uuid not null,
        draft uuid not null,
        change jsonb not null,
        rule_set integer,
        since timestamptz not null,
        until timestamptz not null,
        days integer not null,
        shop_priced text collate "C" not null,
        asked_at timestamptz not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint dry_run_has_one_row primary key (id),
        constraint dry_run_days_are_possible check (days between 1 and 1100),
        constraint dry_run_ends_after_it_begins check (until > since),
        constraint dry_run_shop_priced_is_known
            check (shop_priced in ('earning', 'as-regular')),
        constraint dry_run_change_is_an_object check (jsonb_typeof(change) = 'object')
    )
    """,
    "create index dry_run_by_draft on loyalty.dry_run (draft, id)",
    """
    create table loyalty.dry_run_progress (
        run uuid not null,
        selected bigint not null,
        done bigint not null,
        constraint dry_run_progress_has_one_row primary key (run),
        constraint dry_run_progress_is_of_a_run
            foreign key (run) references loyalty.dry_run (id),
        constraint dry_run_progress_is_possible check (done between 0 and selected)
    )
    """,
    """
    create table loyalty.dry_run_result (
        run uuid not null,
        figures jsonb,
        failure text collate "C",
        finished_at timestamptz not null,
        constraint dry_run_result_is_written_once primary key (run),
        constraint dry_run_result_is_of_a_run
            foreign key (run) references loyalty.dry_run (id),
        constraint dry_run_result_is_figures_or_a_failure
            check ((figures is null) <> (failure is null)),
        constraint dry_run_figures_are_an_object check (jsonb_typeof(figures) = 'object')
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
