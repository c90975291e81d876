"""The table of what rules gave: one row for each order and rule, written as the order is placed.

What a decision says in its text stands here in columns, so that sums over many orders read no
decision. Rows are added with the order and never changed.
"""

from datetime import date
from typing import Final
from uuid import UUID

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
)

from loyalty.schema import Key, metadata


class _OrderRuleColumns(TypedColumns):
    member: Named[UUID]
    order_id: Named[UUID]
    rule: Named[str] = Column(Key)
    version: Named[int] = Column(Integer)
    placed_on: Named[date] = Column(Date)
    money: Named[int] = Column(BigInteger)
    points: Named[int] = Column(BigInteger)


#: Money taken off and points earned by a rule, as decided when the order was placed.
order_rule: Final = Table(
    "order_rule",
    metadata,
    _OrderRuleColumns,
    PrimaryKeyConstraint("member", "order_id", "rule", name="order_rule_has_one_row"),
    CheckConstraint("money >= 0", name="order_rule_money_not_negative"),
    Index("order_rule_by_day", "placed_on", "rule"),
)
