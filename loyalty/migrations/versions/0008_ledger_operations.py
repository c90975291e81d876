"""Ledger operations: notices before expiry, ends that move, points moved between wallets.

New columns are null (or false) for what stands already, which is what they mean: no notice is
needed, no schedule, born in this wallet. No row is written. The kinds of journals are checked anew
against every journal, which takes a look at each and an exclusive lock for as long.
"""

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

KINDS = (
    "'earn', 'activate', 'spend', 'hold', 'capture', 'release', 'extend', 'expire',"
    " 'claw-back', 'restore', 'adjust', 'open', 'write-off', 'freeze'"
)
MORE_KINDS = f"{KINDS}, 'notify', 'reschedule', 'move'"


def upgrade() -> None:
    """Let lots wait for a notice, follow a schedule and come from another wallet."""
    op.execute("""
        ALTER TABLE ledger.lot
            ADD COLUMN notice boolean NOT NULL DEFAULT false,
            ADD COLUMN notified_at timestamptz,
            ADD COLUMN ends_at timestamptz,
            ADD COLUMN schedule text COLLATE "C",
            ADD COLUMN moved_from uuid,
            ADD COLUMN birth_labels jsonb
    """)
    op.execute("""
        CREATE INDEX lot_that_waits_for_a_notice
            ON ledger.lot (ends_at, holder, asset, id)
            WHERE open AND notice AND expires_at IS NULL
    """)
    op.execute("ALTER TABLE ledger.intake ADD COLUMN lots uuid[], ADD COLUMN schedule text")
    op.execute("ALTER TYPE ledger.item ADD ATTRIBUTE lots uuid[], ADD ATTRIBUTE schedule text")
    _know_kinds(MORE_KINDS)


def downgrade() -> None:
    """Forget them; journals of the new kinds must be gone by then."""
    _know_kinds(KINDS)
    op.execute("ALTER TYPE ledger.item DROP ATTRIBUTE schedule, DROP ATTRIBUTE lots")
    op.execute("ALTER TABLE ledger.intake DROP COLUMN schedule, DROP COLUMN lots")
    op.execute("DROP INDEX ledger.lot_that_waits_for_a_notice")
    op.execute("""
        ALTER TABLE ledger.lot
            DROP COLUMN birth_labels, DROP COLUMN moved_from, DROP COLUMN schedule,
            DROP COLUMN ends_at, DROP COLUMN notified_at, DROP COLUMN notice
    """)


def _know_kinds(kinds: str) -> None:
    op.execute("ALTER DOMAIN ledger.kind DROP CONSTRAINT journal_kind_is_known")
    op.execute(
        f"ALTER DOMAIN ledger.kind ADD CONSTRAINT journal_kind_is_known CHECK (VALUE IN ({kinds}))"
    )
