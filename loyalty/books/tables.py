"""Table of what finance signed: how much of which points it expects to be redeemed.

A row never changes and is never removed; a later version takes its place.
"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    func,
)

from loyalty.schema import Instant, Key, metadata

PROGRAMME_WIDE: Final = frozenset({"estimate"})  # signed for cohorts of the whole programme


class _EstimateColumns(TypedColumns):
    version: Named[int] = Column(Integer, autoincrement=False)
    class_: Named[str] = Column("class", Key)
    issued_in: Named[date | None] = Column(Date)
    method: Named[str] = Column(Key)
    reason: Named[str] = Column(Key)
    effective_on: Named[date] = Column(Date)
    hundredths: Named[int | None] = Column(Integer)
    points: Named[int | None] = Column(BigInteger)
    issued: Named[int] = Column(BigInteger)
    redeemed: Named[int] = Column(BigInteger)
    signed_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Of one cohort, or of all of a class where `issued_in` is null; `actor` is who signed.
estimate: Final = Table(
    "estimate",
    metadata,
    _EstimateColumns,
    PrimaryKeyConstraint("version", name="estimate_version_is_unique"),
    CheckConstraint("version > 0", name="estimate_version_is_positive"),
    CheckConstraint(
        "class in ('sale', 'fee', 'goodwill', 'partner')", name="estimate_is_of_a_class_with_money"
    ),
    CheckConstraint(
        "method in ('history', 'cohort-curve', 'peers', 'judgement')",
        name="estimate_method_is_known",
    ),
    CheckConstraint("reason ~ '^[a-z][a-z0-9-]{0,39}$'", name="estimate_reason_is_a_code"),
    CheckConstraint(
        "num_nonnulls(hundredths, points) = 1", name="estimate_is_a_percentage_or_a_number"
    ),
    CheckConstraint("hundredths between 0 and 10000", name="estimate_percentage_is_possible"),
    CheckConstraint(
        "points between redeemed and issued", name="estimate_is_between_redeemed_and_issued"
    ),
    CheckConstraint(
        "points is null or issued_in is not null", name="estimate_in_points_is_of_one_cohort"
    ),
    CheckConstraint("extract(day from issued_in) = 1", name="estimate_cohort_is_a_month"),
    CheckConstraint("effective_on >= issued_in", name="estimate_follows_its_cohort"),
    CheckConstraint("least(issued, redeemed) >= 0", name="estimate_facts_not_negative"),
)
Index("estimate_by_class", estimate.c.class_, estimate.c.effective_on)
