"""The tables of the books, typed; everything that is promised of a row is a named constraint.

They are private to this package: others join what ``wallet_at`` publishes. Only the functions in
``sql`` write them; the application role may read, and insert into and delete from ``intake``.

Keys of rows that are only added begin with the id that time orders, so that every posting adds to
the same few pages of their indexes, whoever it is for (decision 0220).
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Named,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, JSONB
from sqlalchemy.types import UserDefinedType

metadata: Final = MetaData(schema="ledger")

PROGRAMME_WIDE: Final = frozenset(
    {
        "calendar",  # the time zone of the books, and where the open period begins
        "period",  # the months that are closing or closed
        "rollup",  # sums of pairs of accounts by births and days
        "watermark",  # how far the rollup has come, by database cluster
    }
)

HOT: Final = {"fillfactor": 70}

Key: Final = Text(collation="C")
Instant: Final = DateTime(timezone=True)

# Words are domains: unlike a CHECK of a table, which PostgreSQL reads anew at every statement, a
# domain's is kept ready by the session.
KindOfJournal: Final = DOMAIN(
    "kind",
    Key,
    schema="ledger",
    constraint_name="journal_kind_is_known",
    check="VALUE IN ('earn', 'activate', 'spend', 'hold', 'capture', 'release', 'extend',"
    " 'expire', 'claw-back', 'restore', 'adjust', 'open', 'write-off', 'freeze', 'notify',"
    " 'reschedule', 'move')",
)
ClassOfLot: Final = DOMAIN(
    "lot_class",
    Key,
    schema="ledger",
    constraint_name="lot_class_is_known",
    check="VALUE IN ('sale', 'fee', 'promotion', 'goodwill', 'partner')",
)


class Xid8(UserDefinedType[str]):
    """A 64-bit transaction id, read and written as text."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type."""
        return "xid8"


class _WalletColumns(TypedColumns):
    holder: Named[UUID]
    asset: Named[str] = Column(Key)
    available: Named[int] = Column(BigInteger, server_default="0")
    pending: Named[int] = Column(BigInteger, server_default="0")
    held: Named[int] = Column(BigInteger, server_default="0")
    debt: Named[int] = Column(BigInteger, server_default="0")
    version: Named[int] = Column(BigInteger, server_default="0")
    next_due: Named[datetime | None] = Column(Instant)
    frozen: Named[bool] = Column(Boolean, server_default="false")


wallet: Final = Table(
    "wallet",
    metadata,
    _WalletColumns,
    PrimaryKeyConstraint("holder", "asset", name="wallet_is_one_per_holder_and_asset"),
    CheckConstraint(
        "least(available, pending, held, debt) >= 0", name="wallet_counters_not_negative"
    ),
    CheckConstraint("debt = 0 or available = 0", name="wallet_never_has_debt_and_available"),
    postgresql_with=HOT,
)
Index(
    "wallet_by_next_due",
    wallet.c.next_due,
    postgresql_where=wallet.c.next_due.is_not(None),
)


class _JournalColumns(TypedColumns):
    holder: Named[UUID]
    id: Named[UUID]
    asset: Named[str] = Column(Key)
    sequence: Named[int] = Column(BigInteger)
    kind: Named[str] = Column(KindOfJournal)
    key: Named[str | None] = Column(Key)
    refers_to: Named[UUID | None]
    effective_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant)
    available_after: Named[int] = Column(BigInteger)
    balance_after: Named[int] = Column(BigInteger)
    reason: Named[str] = Column(Key)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)
    labels: Named[dict[str, str]] = Column(JSONB)
    recorded_xid: Named[str] = Column(Xid8)
    cluster: Named[int] = Column(BigInteger)
    canonical: Named[str] = Column(Key)
    booked_on: Named[date | None]


journal: Final = Table(
    "journal",
    metadata,
    _JournalColumns,
    PrimaryKeyConstraint("id", "holder", name="journal_id_is_unique_per_holder"),
    UniqueConstraint("holder", "asset", "sequence", name="journal_has_one_place_in_its_wallet"),
    Index("journal_by_kind_and_effective_instant", "kind", "effective_at", "id"),
    Index("journal_by_transaction", "recorded_xid"),
    Index(
        "journal_by_booked_day",
        "booked_on",
        "id",
        postgresql_where=text("booked_on is not null"),
    ),
    Index(
        "journal_by_recorded_instant",
        "recorded_at",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": True},
    ),
)


class _TransferColumns(TypedColumns):
    holder: Named[UUID]
    journal: Named[UUID]
    position: Named[int] = Column(Integer)
    asset: Named[str] = Column(Key)
    debit: Named[str] = Column(Key)
    credit: Named[str] = Column(Key)
    amount: Named[int] = Column(BigInteger)
    lot: Named[UUID | None]


transfer: Final = Table(
    "transfer",
    metadata,
    _TransferColumns,
    PrimaryKeyConstraint(
        "journal", "holder", "position", name="transfer_has_one_place_in_its_journal"
    ),
    CheckConstraint(
        "amount > 0 and debit <> credit", name="transfer_moves_something_between_two_accounts"
    ),
)


class _LotColumns(TypedColumns):
    holder: Named[UUID]
    id: Named[UUID]
    asset: Named[str] = Column(Key)
    journal: Named[UUID]
    source: Named[str] = Column(Key)
    class_: Named[str] = Column("class", ClassOfLot)
    granted: Named[int] = Column(BigInteger)
    remaining: Named[int] = Column(BigInteger)
    clawed_back: Named[int] = Column(BigInteger, server_default="0")
    allocated: Named[int] = Column(BigInteger, server_default="0")
    pending: Named[bool]
    open: Named[bool]
    earned_at: Named[datetime] = Column(Instant)
    activates_at: Named[datetime | None] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    notice: Named[bool] = Column(Boolean, server_default="false")
    notified_at: Named[datetime | None] = Column(Instant)
    ends_at: Named[datetime | None] = Column(Instant)
    schedule: Named[str | None] = Column(Key)
    moved_from: Named[UUID | None]
    birth_labels: Named[dict[str, str] | None] = Column(JSONB)


lot: Final = Table(
    "lot",
    metadata,
    _LotColumns,
    PrimaryKeyConstraint("holder", "id", name="lot_id_is_unique_per_holder"),
    CheckConstraint("remaining between 0 and granted", name="lot_remaining_at_most_granted"),
    CheckConstraint("clawed_back between 0 and granted", name="lot_clawed_back_at_most_granted"),
    CheckConstraint("open = (remaining > 0)", name="lot_is_open_while_something_remains"),
    CheckConstraint("expires_at > activates_at", name="lot_activates_before_it_expires"),
    postgresql_with=HOT,
)
Index(
    "lot_in_order_of_spending",
    lot.c.holder,
    lot.c.asset,
    lot.c.expires_at,
    lot.c.earned_at,
    lot.c.id,
    postgresql_where=lot.c.open,
)
Index(
    "lot_that_waits_for_a_notice",
    lot.c.ends_at,
    lot.c.holder,
    lot.c.asset,
    lot.c.id,
    postgresql_where=lot.c.open & lot.c.notice & lot.c.expires_at.is_(None),
)


class _SliceColumns(TypedColumns):
    holder: Named[UUID]
    journal: Named[UUID]
    position: Named[int] = Column(Integer)
    lot: Named[UUID | None]
    amount: Named[int] = Column(BigInteger)
    undone: Named[int] = Column(BigInteger, server_default="0")


slice_: Final = Table(
    "slice",
    metadata,
    _SliceColumns,
    PrimaryKeyConstraint("journal", "holder", "position", name="slice_belongs_to_one_transfer"),
    CheckConstraint("amount > 0", name="slice_amount_is_positive"),
    CheckConstraint("undone between 0 and amount", name="slice_undone_at_most_amount"),
    postgresql_with=HOT,
)


class _HoldColumns(TypedColumns):
    holder: Named[UUID]
    id: Named[UUID]
    asset: Named[str] = Column(Key)
    amount: Named[int] = Column(BigInteger)
    captured: Named[int] = Column(BigInteger, server_default="0")
    released: Named[int] = Column(BigInteger, server_default="0")
    until: Named[datetime | None] = Column(Instant)
    open: Named[bool] = Column(Boolean, server_default="true")
    timed_out: Named[bool] = Column(Boolean, server_default="false")


hold: Final = Table(
    "hold",
    metadata,
    _HoldColumns,
    PrimaryKeyConstraint("holder", "id", name="hold_id_is_unique_per_holder"),
    CheckConstraint("amount > 0", name="hold_amount_is_positive"),
    CheckConstraint("captured >= 0 and released >= 0", name="hold_parts_not_negative"),
    CheckConstraint(
        "captured + released <= amount and open = (captured + released < amount)",
        name="hold_is_open_while_something_is_left",
    ),
    CheckConstraint("not (open and timed_out)", name="hold_is_timed_out_only_when_closed"),
    postgresql_with=HOT,
)
Index(
    "hold_by_its_end",
    hold.c.holder,
    hold.c.asset,
    hold.c.until,
    hold.c.id,
    postgresql_where=hold.c.open,
)


class _ReceiptColumns(TypedColumns):
    holder: Named[UUID]
    key: Named[str] = Column(Key)
    journal: Named[UUID]
    kind: Named[str] = Column(Key)
    asset: Named[str] = Column(Key)
    amount: Named[int | None] = Column(BigInteger)
    of: Named[str | None] = Column(Key)
    terms: Named[str] = Column(Key)
    lot: Named[UUID | None]


receipt: Final = Table(
    "receipt",
    metadata,
    _ReceiptColumns,
    PrimaryKeyConstraint("key", "holder", name="receipt_is_one_per_business_key"),
)


class _RollupColumns(TypedColumns):
    debit: Named[str] = Column(Key)
    credit: Named[str] = Column(Key)
    asset: Named[str] = Column(Key)
    class_: Named[str] = Column("class", Key)
    tier: Named[str] = Column(Key)
    booked_on: Named[date]
    recorded_on: Named[date]
    amount: Named[int] = Column(BigInteger)


rollup: Final = Table(
    "rollup",
    metadata,
    _RollupColumns,
    PrimaryKeyConstraint(
        "asset",
        "booked_on",
        "debit",
        "credit",
        "class_",
        "tier",
        "recorded_on",
        name="rollup_is_one_per_pair_birth_and_days",
    ),
    CheckConstraint("amount > 0", name="rollup_sums_positive_amounts"),
    postgresql_with=HOT,
)


class _WatermarkColumns(TypedColumns):
    cluster: Named[int] = Column(BigInteger, autoincrement=False)
    rolled_below: Named[str] = Column(Xid8)


watermark: Final = Table(
    "watermark",
    metadata,
    _WatermarkColumns,
    PrimaryKeyConstraint("cluster", name="watermark_is_one_per_cluster"),
)


class _IntakeColumns(TypedColumns):
    batch: Named[UUID]
    position: Named[int] = Column(BigInteger)
    kind: Named[str | None] = Column(Text)
    holder: Named[UUID]
    asset: Named[str | None] = Column(Text)
    key: Named[str | None] = Column(Text)
    journal: Named[UUID | None]
    amount: Named[int | None] = Column(BigInteger)
    effective_at: Named[datetime | None] = Column(Instant)
    reason: Named[str | None] = Column(Text)
    actor: Named[str | None] = Column(Text)
    request_id: Named[str | None] = Column(Text)
    labels: Named[Any] = Column(JSONB, nullable=True)
    of: Named[str | None] = Column(Text)
    lot: Named[UUID | None]
    source: Named[str | None] = Column(Text)
    lot_class: Named[str | None] = Column(Text)
    pending: Named[bool | None]
    activates_at: Named[datetime | None] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    allocated: Named[int | None] = Column(BigInteger)
    policy: Named[str | None] = Column(Text)
    firm: Named[bool | None]
    grace_days: Named[int | None] = Column(Integer)
    deductible: Named[int | None] = Column(BigInteger)
    lots: Named[list[UUID] | None] = Column(ARRAY(Uuid))
    schedule: Named[str | None] = Column(Text)
    booked_on: Named[date | None]


intake: Final = Table(
    "intake",
    metadata,
    _IntakeColumns,
    PrimaryKeyConstraint("holder", "batch", "position", name="intake_has_one_row_per_place"),
    Index("intake_by_batch", "batch", "holder", "effective_at", "position"),
)
