"""${message}.

What: which tables, columns and constraints.
Why: what could not be done without.
Locks: which tables, for how long; is the release before this one safe while it runs and after?
"""

${imports if imports else "from alembic import op"}

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "op.execute(...)"}


def downgrade() -> None:
    ${downgrades if downgrades else "op.execute(...)"}
