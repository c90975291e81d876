"""Tables of vouchers made or brought in together, and of those who try codes that are none."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
)

from loyalty.schema import Instant, Key, metadata

#: Tables that belong to the programme and not to one member; a test keeps the list.
PROGRAMME_WIDE: Final = frozenset(
    {
        "voucher_batch",  # codes made or brought in together
        "voucher_guess",  # codes that are none, counted by whoever tried them, for an hour
    }
)


class _BatchColumns(TypedColumns):
    id: Named[UUID]
    definition: Named[str] = Column(Key)
    kind: Named[str] = Column(Key)
    bound: Named[bool]
    wanted: Named[int] = Column(Integer)
    made: Named[int] = Column(Integer, server_default="0")
    starts_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    asked_at: Named[datetime] = Column(Instant)
    finished_at: Named[datetime | None] = Column(Instant)
    codes_read_at: Named[datetime | None] = Column(Instant)
    voided_at: Named[datetime | None] = Column(Instant)
    void_reason: Named[str | None] = Column(Key)
    voided: Named[int | None] = Column(Integer)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Codes of one definition that were made, or brought in from outside, together.
voucher_batch: Final = Table(
    "voucher_batch",
    metadata,
    _BatchColumns,
    PrimaryKeyConstraint("id", name="voucher_batch_has_one_row"),
    CheckConstraint("kind in ('minted', 'imported')", name="voucher_batch_kind_is_known"),
    CheckConstraint("wanted between 1 and 100000", name="voucher_batch_wants_some"),
    CheckConstraint("made between 0 and wanted", name="voucher_batch_makes_no_more"),
    CheckConstraint("expires_at > starts_at", name="voucher_batch_expires_after_it_starts"),
    CheckConstraint(
        "(voided_at is null) = (void_reason is null)", name="voucher_batch_is_void_for_a_reason"
    ),
    CheckConstraint(
        "codes_read_at is null or finished_at is not null",
        name="voucher_batch_codes_are_read_when_made",
    ),
    Index("voucher_batch_by_definition", "definition", "id"),
)


class _BatchMemberColumns(TypedColumns):
    batch: Named[UUID]
    member: Named[UUID]


#: For whom the codes of a batch are, where they are bound.
voucher_batch_member: Final = Table(
    "voucher_batch_member",
    metadata,
    _BatchMemberColumns,
    PrimaryKeyConstraint("batch", "member", name="voucher_batch_member_is_named_once"),
    ForeignKeyConstraint(
        ["batch"], [voucher_batch.c.id], name="voucher_batch_member_is_of_a_batch"
    ),
)


class _GuessColumns(TypedColumns):
    subject: Named[str] = Column(Key)
    began_at: Named[datetime] = Column(Instant)
    guesses: Named[int] = Column(Integer)


#: How many codes that are none somebody has tried since an instant.
voucher_guess: Final = Table(
    "voucher_guess",
    metadata,
    _GuessColumns,
    PrimaryKeyConstraint("subject", name="voucher_guess_has_one_row"),
    CheckConstraint("guesses > 0", name="voucher_guess_counts_some"),
)
