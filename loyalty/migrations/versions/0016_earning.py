"""Caps of earning rules and remainders that are carried."""

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """A step back is a restored backup."""
