"""The orders that a member placed before an instant: how many, and when the last. Published."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CollectionAggregate, ColumnElement, ScalarSelect, Uuid, any_, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from loyalty.orders.facts import Earlier
from loyalty.orders.tables import order
from loyalty.orders.types import OrderState
from loyalty.tables import member


def earlier_orders(whose: ColumnElement[UUID], at: ColumnElement[datetime]) -> ScalarSelect[Any]:
    """Publish a member's earlier orders as a JSON value for `read_earlier`, to be joined.

    The orders of whoever was merged into them are theirs.
    """
    found = func.json_build_array(func.count(), func.max(order.c.placed_on), type_=JSON)
    return (
        select(found)
        .select_from(order)
        .where(
            order.c.member == anybody_of(whose),
            order.c.state != OrderState.CANCELLED.value,
            order.c.placed_at < at,
        )
        .scalar_subquery()
    )


def anybody_of(whose: ColumnElement[UUID]) -> CollectionAggregate[bool]:
    """Publish a member and whoever was merged into them, to be compared with."""
    gone = member.alias("gone")
    merged = select(gone.c.id).where(gone.c.merged_into == whose)
    theirs = merged.correlate_except(gone).scalar_subquery()
    return any_(func.array_append(func.array(theirs), whose, type_=ARRAY(Uuid)))


def read_earlier(stored: Sequence[Any]) -> Earlier:
    """Read what `earlier_orders` selects."""
    orders, last_on = stored
    return Earlier(orders, None if last_on is None else date.fromisoformat(last_on))
