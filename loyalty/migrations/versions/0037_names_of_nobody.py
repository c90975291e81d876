"""Names that were taken for somebody who did not come into being are free again.

What: names of wallets that lead to no member go. Why: whoever joined again under the same external
id left one behind, `loyalty verify` named it, and no period could be closed after it. Locks: none
but of the rows that go; names are read once.
"""

from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Free them."""
    op.execute(
        """
        delete from loyalty.name as n
        where n.kind = 'holder'
            and not exists (select 1 from loyalty.member as m where m.id = n.member)
        """
    )


def downgrade() -> None:
    """A step back is a restored backup."""
