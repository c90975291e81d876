"""Drafts of rules, and what members do besides buying."""

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """A step back is a restored backup."""
