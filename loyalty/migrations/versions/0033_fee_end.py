"""Paid periods that were not over when their membership ended.

What: one table, filled with the ends there were; those of a closed month count from the first open
day, and none counts in what was asked as it was known before. Why: nothing stands behind what is
left of a fee once its membership has ended, so it is revenue on that day, but for what is owed.
Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.fee_end (
        member uuid not null,
        charge uuid not null,
        due bigint not null,
        at timestamptz not null,
        booked_on date,
        recorded_at timestamptz default transaction_timestamp() not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint fee_end_comes_once primary key (member, charge),
        constraint fee_end_is_of_a_charge foreign key (member, charge)
            references loyalty.membership_charge (member, id) on update cascade,
        constraint fee_end_due_not_negative check (due >= 0)
    )
    """,
    """
    insert into loyalty.fee_end (member, charge, due, at, booked_on, actor, request_id)
    select charge.member, charge.id, 0, ended.ended_at,
        case when (ended.ended_at at time zone day.zone)::date < day.open_from
            then day.open_from end,
        'system', 'migration-0033'
    from loyalty.membership as ended
    join loyalty.membership_charge as charge
        on charge.member = ended.member and charge.membership = ended.id
    cross join ledger.calendar as day
    where charge.ends_at > ended.ended_at and charge.reason <> 'late'
    """,
)


def upgrade() -> None:
    """Create the table and fill it."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
