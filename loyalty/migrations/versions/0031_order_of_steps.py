"""Shipments and returns say when they were written, not when their transaction began.

What: the default of two columns. Why: steps of one order wait for each other, and one that began
first may be written last; returns are put against shipments in the order in which these were
written. Locks: two tables for an instant; no row is touched.
"""

from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels = None
depends_on = None

_TABLES = ("shipment", "return")


def upgrade() -> None:
    """Take the clock of the moment."""
    for table in _TABLES:
        op.execute(
            f'alter table loyalty."{table}" alter column recorded_at set default clock_timestamp()'
        )


def downgrade() -> None:
    """Take the clock of the transaction's begin."""
    for table in _TABLES:
        op.execute(
            f'alter table loyalty."{table}"'
            " alter column recorded_at set default transaction_timestamp()"
        )
