"""Two floors at once under a standing, and what set-based reviews need."""

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """A step back is a restored backup."""
