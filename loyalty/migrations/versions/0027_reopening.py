"""A difference that was explained can be asked for again.

What: clearings of a difference take turns, and a table of reopenings, new and empty. Why: an
explanation that does not hold had to stand for ever. Locks: the few rows of clearings are written
anew.
"""

from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels = None
depends_on = None

_STEPS = (
    """
    alter table loyalty.reconciliation_clearing
        add column turn integer not null default 1,
        add column follows integer generated always as (nullif(turn - 1, 0)) stored,
        drop constraint reconciliation_difference_is_cleared_once,
        add constraint reconciliation_difference_is_cleared_once_a_turn
            primary key (difference, turn),
        add constraint reconciliation_clearing_turn_is_positive check (turn > 0)
    """,
    "alter table loyalty.reconciliation_clearing alter column turn drop default",
    """
    create table loyalty.reconciliation_reopening (
        difference text collate "C" not null,
        turn integer not null,
        reason text collate "C" not null,
        reference text collate "C",
        reopened_at timestamptz not null,
        recorded_at timestamptz not null default transaction_timestamp(),
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint reconciliation_clearing_is_reopened_once primary key (difference, turn),
        constraint reconciliation_reopening_is_of_a_clearing
            foreign key (difference, turn)
            references loyalty.reconciliation_clearing (difference, turn),
        constraint reconciliation_reopening_reason_is_known
            check (reason in ('mistake', 'disproved', 'audit')),
        constraint reconciliation_reopening_reference_is_a_code
            check (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$')
    )
    """,
    """
    alter table loyalty.reconciliation_clearing
        add constraint reconciliation_clearing_follows_a_reopening
            foreign key (difference, follows)
            references loyalty.reconciliation_reopening (difference, turn)
    """,
)
_BACK = (
    """
    alter table loyalty.reconciliation_clearing
        drop constraint reconciliation_clearing_follows_a_reopening
    """,
    # what was reopened is explained again by its first explanation
    "drop table loyalty.reconciliation_reopening",
    "delete from loyalty.reconciliation_clearing where turn > 1",
    """
    alter table loyalty.reconciliation_clearing
        drop constraint reconciliation_difference_is_cleared_once_a_turn,
        drop constraint reconciliation_clearing_turn_is_positive,
        drop column follows,
        drop column turn,
        add constraint reconciliation_difference_is_cleared_once primary key (difference)
    """,
)


def upgrade() -> None:
    for statement in _STEPS:
        op.execute(statement)


def downgrade() -> None:
    for statement in _BACK:
        op.execute(statement)
