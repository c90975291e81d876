"""Why things came back: what returns and chargebacks come to, reason by reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import BigInteger, and_, bindparam, cast, distinct, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.orders.tables import order, return_, return_line
from loyalty.tables import member

CONSUMER: Final = "consumer"


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """What came back for one reason, as a return or as a chargeback, shipping included."""

    reason: str
    kind: str
    returns: int
    orders: int
    units: int
    refund_money: int
    points_returned: int
    points_taken_back: int


async def return_reasons(
    connection: AsyncConnection, since: date, until: date
) -> Sequence[ReasonFigures]:
    """Return the reasons of the days from `since` up to `until`, the most frequent first.

    Only consumers and guests are counted.
    """
    rows = await connection.execute(_REASONS, {"since": since, "until": until})
    return [ReasonFigures(*row) for row in rows]


_UNITS: Final = (
    select(func.coalesce(func.sum(return_line.c.quantity), 0))
    .where(
        return_line.c.member == return_.c.member,
        return_line.c.order_id == return_.c.order_id,
        return_line.c.return_id == return_.c.id,
    )
    .scalar_subquery()
)
_COUNT: Final = func.count()
_REASONS: Final = (
    select(
        return_.c.reason,
        return_.c.kind,
        _COUNT,
        func.count(distinct(return_.c.order_id)),
        cast(func.sum(_UNITS), BigInteger),
        cast(func.sum(return_.c.total + return_.c.shipping), BigInteger),
        cast(func.sum(return_.c.points + return_.c.shipping_points), BigInteger),
        cast(func.sum(return_.c.earn), BigInteger),
    )
    .select_from(
        return_.join(
            order, and_(order.c.member == return_.c.member, order.c.id == return_.c.order_id)
        ).outerjoin(member, member.c.id == return_.c.member)
    )
    .where(
        return_.c.on >= bindparam("since"),
        return_.c.on < bindparam("until"),
        or_(order.c.guest, member.c["class_"] == CONSUMER),
    )
    .group_by(return_.c.reason, return_.c.kind)
    .order_by(_COUNT.desc(), return_.c.reason, return_.c.kind)
)
