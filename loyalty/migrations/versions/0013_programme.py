"""Changes of expiry, and who goes on as whom.

What: one table, new and empty, and an index of merged members, empty until somebody is merged.
Why: points already earned keep their end unless somebody saw what a change comes to and confirmed
it; orders of merged members count for whom they go on as. Locks: the index keeps writers of members
waiting for one pass over them.
"""

from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and the index."""
    op.execute(
        """
        create table loyalty.expiry_change (
            id uuid not null,
            document jsonb not null,
            replaces integer not null,
            previewed_at timestamptz not null,
            soonest timestamptz not null,
            figures jsonb not null,
            actor text collate "C" not null,
            request_id text collate "C" not null,
            policy integer,
            confirmed_at timestamptz,
            confirmed_by text collate "C",
            last_holder uuid,
            lots_moved bigint not null default 0,
            points_moved bigint not null default 0,
            members_moved bigint not null default 0,
            done boolean not null default false,
            constraint expiry_change_has_one_row primary key (id),
            constraint expiry_change_leaves_time check (soonest > previewed_at),
            constraint expiry_change_is_confirmed_whole check (
                (confirmed_at is null) = (policy is null)
                and (confirmed_at is null) = (confirmed_by is null)),
            constraint expiry_change_moves_nothing_unconfirmed check (
                confirmed_at is not null or (not done and last_holder is null)),
            constraint expiry_change_counts_upward check (
                least(lots_moved, points_moved, members_moved) >= 0)
        )
        """
    )

    op.execute(
        "create index member_by_survivor on loyalty.member (merged_into)"
        " where merged_into is not null"
    )


def downgrade() -> None:
    """Drop them; ends that were moved stay moved."""
    op.execute("drop index loyalty.member_by_survivor")
    op.execute("drop table loyalty.expiry_change")
