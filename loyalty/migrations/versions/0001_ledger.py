"""The books: wallets, journals, transfers, lots, slices, holds, receipts, rollup and intake.

Takes no lock that anybody waits for: everything is new. The functions that write these tables are
in ``ledger/sql`` and are applied after the last migration.
"""

from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

ITEM = """
    kind text,
    holder uuid,
    asset text,
    key text,
    journal uuid,
    amount bigint,
    effective_at timestamptz,
    reason text,
    actor text,
    request_id text,
    labels jsonb,
    "of" text,
    lot uuid,
    source text,
    lot_class text,
    pending boolean,
    activates_at timestamptz,
    expires_at timestamptz,
    allocated bigint,
    policy text,
    firm boolean,
    grace_days integer,
    deductible bigint
"""

# Words are domains: unlike a CHECK of a table, which PostgreSQL reads anew at every statement, a
# domain's is kept ready by the session.
TABLES = (
    """
    CREATE DOMAIN ledger.kind AS text COLLATE "C" CONSTRAINT journal_kind_is_known CHECK (
        VALUE IN ('earn', 'activate', 'spend', 'hold', 'capture', 'release', 'extend', 'expire',
            'claw-back', 'restore', 'adjust', 'open', 'write-off', 'freeze'))
    """,
    """
    CREATE DOMAIN ledger.lot_class AS text COLLATE "C" CONSTRAINT lot_class_is_known CHECK (
        VALUE IN ('sale', 'fee', 'promotion', 'goodwill', 'partner'))
    """,
    """
    CREATE TABLE ledger.wallet (
        holder uuid NOT NULL,
        asset text COLLATE "C" NOT NULL,
        available bigint NOT NULL DEFAULT 0,
        pending bigint NOT NULL DEFAULT 0,
        held bigint NOT NULL DEFAULT 0,
        debt bigint NOT NULL DEFAULT 0,
        version bigint NOT NULL DEFAULT 0,
        next_due timestamptz,
        frozen boolean NOT NULL DEFAULT false,
        CONSTRAINT wallet_is_one_per_holder_and_asset PRIMARY KEY (holder, asset),
        CONSTRAINT wallet_counters_not_negative CHECK (
            LEAST(available, pending, held, debt) >= 0),
        CONSTRAINT wallet_never_has_debt_and_available CHECK (debt = 0 OR available = 0)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE ledger.journal (
        holder uuid NOT NULL,
        id uuid NOT NULL,
        asset text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        kind ledger.kind NOT NULL,
        key text COLLATE "C",
        refers_to uuid,
        effective_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        available_after bigint NOT NULL,
        balance_after bigint NOT NULL,
        reason text COLLATE "C" NOT NULL,
        actor text COLLATE "C" NOT NULL,
        request_id text COLLATE "C" NOT NULL,
        labels jsonb NOT NULL,
        recorded_xid xid8 NOT NULL,
        cluster bigint NOT NULL,
        canonical text COLLATE "C" NOT NULL,
        CONSTRAINT journal_id_is_unique_per_holder PRIMARY KEY (holder, id),
        CONSTRAINT journal_has_one_place_in_its_wallet UNIQUE (holder, asset, sequence)
    )
    """,
    """
    CREATE TABLE ledger.transfer (
        holder uuid NOT NULL,
        journal uuid NOT NULL,
        position integer NOT NULL,
        asset text COLLATE "C" NOT NULL,
        debit text COLLATE "C" NOT NULL,
        credit text COLLATE "C" NOT NULL,
        amount bigint NOT NULL,
        lot uuid,
        CONSTRAINT transfer_has_one_place_in_its_journal PRIMARY KEY (holder, journal, position),
        CONSTRAINT transfer_moves_something_between_two_accounts CHECK (
            amount > 0 AND debit <> credit)
    )
    """,
    """
    CREATE TABLE ledger.lot (
        holder uuid NOT NULL,
        id uuid NOT NULL,
        asset text COLLATE "C" NOT NULL,
        journal uuid NOT NULL,
        source text COLLATE "C" NOT NULL,
        class ledger.lot_class NOT NULL,
        granted bigint NOT NULL,
        remaining bigint NOT NULL,
        clawed_back bigint NOT NULL DEFAULT 0,
        allocated bigint NOT NULL DEFAULT 0,
        pending boolean NOT NULL,
        open boolean NOT NULL,
        earned_at timestamptz NOT NULL,
        activates_at timestamptz,
        expires_at timestamptz,
        CONSTRAINT lot_id_is_unique_per_holder PRIMARY KEY (holder, id),
        CONSTRAINT lot_remaining_at_most_granted CHECK (remaining BETWEEN 0 AND granted),
        CONSTRAINT lot_clawed_back_at_most_granted CHECK (clawed_back BETWEEN 0 AND granted),
        CONSTRAINT lot_is_open_while_something_remains CHECK (open = (remaining > 0)),
        CONSTRAINT lot_activates_before_it_expires CHECK (expires_at > activates_at)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE INDEX lot_in_order_of_spending
        ON ledger.lot (holder, asset, expires_at, earned_at, id) WHERE open
    """,
    """
    CREATE TABLE ledger.slice (
        holder uuid NOT NULL,
        journal uuid NOT NULL,
        position integer NOT NULL,
        lot uuid,
        amount bigint NOT NULL,
        undone bigint NOT NULL DEFAULT 0,
        CONSTRAINT slice_belongs_to_one_transfer PRIMARY KEY (holder, journal, position),
        CONSTRAINT slice_amount_is_positive CHECK (amount > 0),
        CONSTRAINT slice_undone_at_most_amount CHECK (undone BETWEEN 0 AND amount)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE ledger.hold (
        holder uuid NOT NULL,
        id uuid NOT NULL,
        asset text COLLATE "C" NOT NULL,
        amount bigint NOT NULL,
        captured bigint NOT NULL DEFAULT 0,
        released bigint NOT NULL DEFAULT 0,
        until timestamptz,
        open boolean NOT NULL DEFAULT true,
        timed_out boolean NOT NULL DEFAULT false,
        CONSTRAINT hold_id_is_unique_per_holder PRIMARY KEY (holder, id),
        CONSTRAINT hold_amount_is_positive CHECK (amount > 0),
        CONSTRAINT hold_parts_not_negative CHECK (captured >= 0 AND released >= 0),
        CONSTRAINT hold_is_open_while_something_is_left CHECK (
            captured + released <= amount AND open = (captured + released < amount)),
        CONSTRAINT hold_is_timed_out_only_when_closed CHECK (NOT (open AND timed_out))
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX hold_by_its_end ON ledger.hold (holder, asset, until, id) WHERE open",
    """
    CREATE TABLE ledger.receipt (
        holder uuid NOT NULL,
        key text COLLATE "C" NOT NULL,
        journal uuid NOT NULL,
        kind text COLLATE "C" NOT NULL,
        asset text COLLATE "C" NOT NULL,
        amount bigint,
        "of" text COLLATE "C",
        terms text COLLATE "C" NOT NULL,
        lot uuid,
        CONSTRAINT receipt_is_one_per_business_key PRIMARY KEY (holder, key)
    )
    """,
    """
    CREATE INDEX journal_by_kind_and_effective_instant
        ON ledger.journal (kind, effective_at, id)
    """,
    """
    CREATE INDEX journal_by_id ON ledger.journal
        USING brin (id) WITH (pages_per_range = 32, autosummarize = on)
    """,
    "CREATE INDEX journal_by_transaction ON ledger.journal (recorded_xid)",
    "CREATE INDEX wallet_by_next_due ON ledger.wallet (next_due) WHERE next_due IS NOT NULL",
    """
    CREATE TABLE ledger.rollup (
        account text COLLATE "C" NOT NULL,
        asset text COLLATE "C" NOT NULL,
        effective_on date NOT NULL,
        recorded_on date NOT NULL,
        labels text COLLATE "C" NOT NULL,
        debit bigint NOT NULL,
        credit bigint NOT NULL,
        CONSTRAINT rollup_is_one_per_account_day_and_labels
            PRIMARY KEY (account, asset, effective_on, recorded_on, labels),
        CONSTRAINT rollup_sums_not_negative CHECK (debit >= 0 AND credit >= 0)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE ledger.watermark (
        cluster bigint NOT NULL,
        rolled_below xid8 NOT NULL,
        CONSTRAINT watermark_is_one_per_cluster PRIMARY KEY (cluster)
    )
    """,
    f"""
    CREATE TABLE ledger.intake (
        batch uuid NOT NULL,
        position bigint NOT NULL,
        {ITEM},
        CONSTRAINT intake_has_one_row_per_place PRIMARY KEY (holder, batch, position)
    )
    """,
    "CREATE INDEX intake_by_batch ON ledger.intake (batch, holder, effective_at, position)",
    f"CREATE TYPE ledger.item AS ({ITEM})",
    "CREATE TYPE ledger.leg AS (debit text, credit text, amount bigint, lot uuid)",
    """
    CREATE TYPE ledger.outcome AS (
        position integer,
        code text,
        key text,
        receipt uuid,
        replayed boolean,
        field text,
        seen text,
        wanted text,
        amount bigint,
        repaid bigint,
        from_lot bigint,
        from_others bigint,
        to_debt bigint,
        deducted bigint,
        forgiven bigint,
        lapsed bigint
    )
    """,
)


def upgrade() -> None:
    """Create the books, empty."""
    op.execute("CREATE SCHEMA ledger")
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Drop the books with everything in them, functions too."""
    op.execute("DROP SCHEMA ledger CASCADE")
