"""Tables of what of a fee its bonus points took, and of periods that ended early; rows stay."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    func,
)

from loyalty.membership.tables import membership_charge
from loyalty.schema import Instant, Key, metadata


class _AllocationColumns(TypedColumns):
    member: Named[UUID]
    charge: Named[UUID]
    points: Named[int] = Column(BigInteger)
    allocated: Named[int] = Column(BigInteger)
    at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Bonus points of one charge, and what of its net amount stands behind them.
fee_allocation: Final = Table(
    "fee_allocation",
    metadata,
    _AllocationColumns,
    PrimaryKeyConstraint("member", "charge", name="fee_allocation_is_made_once"),
    ForeignKeyConstraint(
        ["member", "charge"],
        [membership_charge.c.member, membership_charge.c.id],
        name="fee_allocation_is_of_a_charge",
        onupdate="CASCADE",
    ),
    CheckConstraint("points > 0", name="fee_allocation_points_are_positive"),
    CheckConstraint("allocated >= 0", name="fee_allocation_not_negative"),
)


class _EndColumns(TypedColumns):
    member: Named[UUID]
    charge: Named[UUID]
    due: Named[int] = Column(BigInteger)
    at: Named[datetime] = Column(Instant)
    booked_on: Named[date | None] = Column(Date)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Paid periods that were not over when their membership ended, and what is due of each in all.
fee_end: Final = Table(
    "fee_end",
    metadata,
    _EndColumns,
    PrimaryKeyConstraint("member", "charge", name="fee_end_comes_once"),
    ForeignKeyConstraint(
        ["member", "charge"],
        [membership_charge.c.member, membership_charge.c.id],
        name="fee_end_is_of_a_charge",
        onupdate="CASCADE",
    ),
    CheckConstraint("due >= 0", name="fee_end_due_not_negative"),
)
