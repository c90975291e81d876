"""What of a membership fee its bonus points took.

What: one table, new and empty. Why: the points' part of a fee is revenue when the points are spent,
the rest day by day. Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.fee_allocation (
        member uuid not null,
        charge uuid not null,
        points bigint not null,
        allocated bigint not null,
        at timestamptz not null,
        recorded_at timestamptz default transaction_timestamp() not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint fee_allocation_is_made_once primary key (member, charge),
        constraint fee_allocation_is_of_a_charge foreign key (member, charge)
            references loyalty.membership_charge (member, id) on update cascade,
        constraint fee_allocation_points_are_positive check (points > 0),
        constraint fee_allocation_not_negative check (allocated >= 0)
    )
    """,
)


def upgrade() -> None:
    """Create the table."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
