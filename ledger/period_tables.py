"""The tables of the calendar: one row for the books, and one for each month that ends.

They are written by the functions of ``sql/83_periods.sql`` alone. A canonical text in each row says
what its columns say, so that ``verify`` finds an edit of either.
"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from ledger.tables import Instant, Key, Xid8, metadata


class _CalendarColumns(TypedColumns):
    single: Named[bool] = Column(Boolean, server_default="true")
    zone: Named[str] = Column(Key)
    founded_on: Named[date | None]
    open_from: Named[date | None]
    open_from_at: Named[datetime | None] = Column(Instant)
    canonical: Named[str] = Column(Key)


calendar: Final = Table(
    "calendar",
    metadata,
    _CalendarColumns,
    PrimaryKeyConstraint("single", name="calendar_is_one_row"),
    CheckConstraint("single", name="calendar_has_no_other_row"),
    CheckConstraint(
        "(open_from is null) = (open_from_at is null)"
        " and (open_from = date_trunc('month', open_from)) is not false",
        name="calendar_opens_a_month_at_an_instant",
    ),
)


class _PeriodColumns(TypedColumns):
    month: Named[date]
    number: Named[int] = Column(Integer)
    closing_at: Named[datetime] = Column(Instant)
    closing_by: Named[str] = Column(Key)
    closing_request: Named[str] = Column(Key)
    closing_xid: Named[str] = Column(Xid8)
    cluster: Named[int] = Column(BigInteger)
    drained_below: Named[str | None] = Column(Xid8)
    closed_at: Named[datetime | None] = Column(Instant)
    closed_by: Named[str | None] = Column(Key)
    closed_request: Named[str | None] = Column(Key)
    verified_by: Named[str | None] = Column(Key)
    reconciled_by: Named[str | None] = Column(Key)
    canonical: Named[str] = Column(Key)


period: Final = Table(
    "period",
    metadata,
    _PeriodColumns,
    PrimaryKeyConstraint("month", name="period_is_one_per_month"),
    UniqueConstraint("number", name="period_has_a_number_of_its_own"),
    CheckConstraint("month = date_trunc('month', month)", name="period_is_a_whole_month"),
    CheckConstraint(
        "num_nulls(closed_at, closed_by, closed_request, verified_by, reconciled_by) in (0, 5)",
        name="period_says_everything_of_its_end",
    ),
    CheckConstraint(
        "closed_at is null or drained_below is not null and closed_at >= closing_at",
        name="period_is_drained_before_it_ends",
    ),
)
