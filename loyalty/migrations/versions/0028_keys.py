"""Keys that grow at their end, and a member's activity read from its key.

What: the keys of journals, transfers, slices and receipts begin with the id or the business key
and no longer with the holder; the key of activity carries the figures. Why: a posting for a member
who was seldom seen touched a page of its own in each of these indexes, and deciding a tier one of
the table for each shipment. Locks: each table is locked while its key is built anew, some twenty
seconds for ten million rows.
"""

from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels = None
depends_on = None

_KEYS = (
    ("ledger.journal", "journal_id_is_unique_per_holder", "id, holder", "holder, id"),
    (
        *("ledger.transfer", "transfer_has_one_place_in_its_journal"),
        *("journal, holder, position", "holder, journal, position"),
    ),
    (
        *("ledger.slice", "slice_belongs_to_one_transfer"),
        *("journal, holder, position", "holder, journal, position"),
    ),
    ("ledger.receipt", "receipt_is_one_per_business_key", "key, holder", "holder, key"),
    (
        *("tiers.activity", "activity_recorded_once_per_shipment"),
        "member, order_id, shipment) INCLUDE (completed_on, purchases, returned, asset, part",
        "member, order_id, shipment",
    ),
)
_BY_ID = (
    "CREATE INDEX journal_by_id ON ledger.journal USING brin (id)"
    " WITH (pages_per_range = 32, autosummarize = true)"
)


def upgrade() -> None:
    for table, key, columns, _ in _KEYS:
        _make(table, key, columns)
    op.execute("DROP INDEX ledger.journal_by_id")


def downgrade() -> None:
    op.execute(_BY_ID)
    for table, key, _, columns in _KEYS:
        _make(table, key, columns)


def _make(table: str, key: str, columns: str) -> None:
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {key}, ADD CONSTRAINT {key} PRIMARY KEY ({columns})"
    )
