"""The tables of what limits count, in the schema `benefits`. Migration 0016 is equal to them."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Named,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from benefits.tables import metadata

_Instant: Final = DateTime(timezone=True)
_Key: Final = Text(collation="C")


class _CounterColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    starts_on: Named[date] = Column(Date)
    scope: Named[str] = Column(_Key)
    measure: Named[str] = Column(_Key)
    every: Named[str] = Column(_Key)
    used: Named[int] = Column(BigInteger)


#: How much of a limit, a budget, a remainder or a band is used: by a member, or by all, who stand
#: under the member of all zeros.
counter: Final = Table(
    "counter",
    metadata,
    _CounterColumns,
    PrimaryKeyConstraint(
        "member", "starts_on", "scope", "measure", "every", name="counter_stands_once"
    ),
    CheckConstraint(
        "measure in ('uses', 'points', 'money', 'basis', 'remainder')",
        name="counter_measure_is_known",
    ),
    CheckConstraint(
        "every in ('day', 'week', 'month', 'year', 'ever')", name="counter_period_is_known"
    ),
    CheckConstraint("used >= 0 or measure = 'remainder'", name="counter_not_below_zero"),
    postgresql_with={"fillfactor": "70"},
)


class _RuleUseColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    subject: Named[UUID] = Column(Uuid)
    counter_member: Named[UUID] = Column(Uuid)
    starts_on: Named[date] = Column(Date)
    scope: Named[str] = Column(_Key)
    measure: Named[str] = Column(_Key)
    every: Named[str] = Column(_Key)
    side: Named[int] = Column(SmallInteger)
    taken: Named[int] = Column(BigInteger)
    consumed: Named[int] = Column(BigInteger)
    given_back: Named[int] = Column(BigInteger)
    line_nos: Named[list[int]] = Column(ARRAY(SmallInteger))
    parts: Named[list[int]] = Column(ARRAY(BigInteger))
    used_at: Named[datetime] = Column(_Instant)


#: What an order or an event takes of a counter, line by line; what is neither consumed nor given
#: back is reserved.
rule_use: Final = Table(
    "rule_use",
    metadata,
    _RuleUseColumns,
    PrimaryKeyConstraint(
        *("member", "subject", "starts_on", "scope", "measure", "every"),
        *("counter_member", "side"),
        name="rule_use_taken_once",
    ),
    CheckConstraint("taken > 0", name="rule_use_takes_something"),
    CheckConstraint("least(consumed, given_back) >= 0", name="rule_use_parts_not_negative"),
    CheckConstraint("consumed + given_back <= taken", name="rule_use_within_what_was_taken"),
    CheckConstraint("side in (-1, 1)", name="rule_use_side_is_known"),
    CheckConstraint(
        "cardinality(line_nos) = cardinality(parts)", name="rule_use_has_a_part_for_each_line"
    ),
    CheckConstraint(
        "counter_member in (member, '00000000-0000-0000-0000-000000000000')",
        name="rule_use_is_of_the_member_or_of_all",
    ),
)
