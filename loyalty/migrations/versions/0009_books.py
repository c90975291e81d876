"""Months of the books: a calendar, periods, and journals booked later than they happened; proofs.

The rollup is rebuilt by booked day and by what lots were born as; it is derived, so it starts anew
behind the watermark and is filled by the next roll-up. No journal is changed: a booked day that is
not stored is the day of the effective instant. Building the two indexes keeps writers waiting for
as long as the journal takes to read.
"""

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None

CALENDAR = (
    """
    CREATE TABLE ledger.calendar (
        single boolean NOT NULL DEFAULT true,
        zone text COLLATE "C" NOT NULL,
        founded_on date,
        open_from date,
        open_from_at timestamptz,
        canonical text COLLATE "C" NOT NULL,
        CONSTRAINT calendar_is_one_row PRIMARY KEY (single),
        CONSTRAINT calendar_has_no_other_row CHECK (single),
        CONSTRAINT calendar_opens_a_month_at_an_instant CHECK (
            (open_from IS NULL) = (open_from_at IS NULL)
            AND (open_from = date_trunc('month', open_from)) IS NOT FALSE)
    )
    """,
    """
    INSERT INTO ledger.calendar (zone, canonical)
    SELECT p.zone, json_build_array('calendar/1', p.zone, NULL)::text
    FROM (
        SELECT document ->> 'time_zone' AS zone FROM loyalty.policy ORDER BY version DESC LIMIT 1
    ) AS p
    """,
    """
    CREATE TABLE ledger.period (
        month date NOT NULL,
        number integer NOT NULL,
        closing_at timestamptz NOT NULL,
        closing_by text COLLATE "C" NOT NULL,
        closing_request text COLLATE "C" NOT NULL,
        closing_xid xid8 NOT NULL,
        cluster bigint NOT NULL,
        drained_below xid8,
        closed_at timestamptz,
        closed_by text COLLATE "C",
        closed_request text COLLATE "C",
        verified_by text COLLATE "C",
        reconciled_by text COLLATE "C",
        canonical text COLLATE "C" NOT NULL,
        CONSTRAINT period_is_one_per_month PRIMARY KEY (month),
        CONSTRAINT period_has_a_number_of_its_own UNIQUE (number),
        CONSTRAINT period_is_a_whole_month CHECK (month = date_trunc('month', month)),
        CONSTRAINT period_says_everything_of_its_end CHECK (
            num_nulls(closed_at, closed_by, closed_request, verified_by, reconciled_by)
                IN (0, 5)),
        CONSTRAINT period_is_drained_before_it_ends CHECK (
            closed_at IS NULL OR drained_below IS NOT NULL AND closed_at >= closing_at)
    )
    """,
)

BOOKED = (
    "ALTER TABLE ledger.journal ADD COLUMN booked_on date",
    """
    CREATE INDEX journal_by_booked_day ON ledger.journal (booked_on, id)
        WHERE booked_on IS NOT NULL
    """,
    """
    CREATE INDEX journal_by_recorded_instant ON ledger.journal
        USING brin (recorded_at) WITH (pages_per_range = 32, autosummarize = on)
    """,
    "ALTER TABLE ledger.intake ADD COLUMN booked_on date",
    "ALTER TYPE ledger.item ADD ATTRIBUTE booked_on date",
)

ROLLUP = (
    "DROP FUNCTION IF EXISTS ledger.roll_up()",
    "DROP FUNCTION IF EXISTS ledger.rolled(bigint, xid8, xid8)",
    "DROP FUNCTION IF EXISTS ledger.daily_sums(text, date, date)",
    "DROP FUNCTION IF EXISTS ledger.account_sums(text, timestamptz)",
    "DROP FUNCTION IF EXISTS ledger.wallet_sums(text, timestamptz)",
    "DROP TABLE ledger.rollup",
    """
    CREATE TABLE ledger.rollup (
        debit text COLLATE "C" NOT NULL,
        credit text COLLATE "C" NOT NULL,
        asset text COLLATE "C" NOT NULL,
        class text COLLATE "C" NOT NULL,
        tier text COLLATE "C" NOT NULL,
        booked_on date NOT NULL,
        recorded_on date NOT NULL,
        amount bigint NOT NULL,
        CONSTRAINT rollup_is_one_per_pair_birth_and_days
            PRIMARY KEY (asset, booked_on, debit, credit, class, tier, recorded_on),
        CONSTRAINT rollup_sums_positive_amounts CHECK (amount > 0)
    ) WITH (fillfactor = 70)
    """,
    "UPDATE ledger.watermark SET rolled_below = '0'",
)

VERIFICATION = (
    """
    CREATE TABLE loyalty.verification (
        id uuid NOT NULL,
        started_at timestamptz NOT NULL,
        finished_at timestamptz NOT NULL,
        findings jsonb NOT NULL,
        actor text COLLATE "C" NOT NULL,
        request_id text COLLATE "C" NOT NULL,
        CONSTRAINT verification_id_is_unique PRIMARY KEY (id),
        CONSTRAINT verification_ends_after_it_starts CHECK (finished_at >= started_at),
        CONSTRAINT verification_findings_are_a_list CHECK (jsonb_typeof(findings) = 'array')
    )
    """,
    "CREATE INDEX verification_by_start ON loyalty.verification (started_at DESC)",
)


def upgrade() -> None:
    """Give the books their months; what was posted before is in months that are open."""
    for statement in (*CALENDAR, *BOOKED, *ROLLUP, *VERIFICATION):
        op.execute(statement)


def downgrade() -> None:
    """Take the months away again; refused by nobody, so do it only where nothing was closed."""
    op.execute("DROP TABLE loyalty.verification")
    op.execute("DROP TABLE ledger.rollup, ledger.period, ledger.calendar")
    op.execute("ALTER TYPE ledger.item DROP ATTRIBUTE booked_on")
    op.execute("ALTER TABLE ledger.intake DROP COLUMN booked_on")
    op.execute("DROP INDEX ledger.journal_by_recorded_instant")
    op.execute("ALTER TABLE ledger.journal DROP COLUMN booked_on")
    op.execute(
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
        """
    )
    op.execute("UPDATE ledger.watermark SET rolled_below = '0'")
