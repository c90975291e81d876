"""Exchanges, chargebacks, guests' orders and exceptions."""

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """A step back is a restored backup."""
