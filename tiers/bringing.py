"""Bring activity along that happened before a ladder counted it: set-based, deciding nothing.

What standings follow from it is decided at the next event, review or catching up of each member.
"""

from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.tables import activity

_COLUMNS: Final = (
    "member",
    "order_id",
    "shipment",
    "completed_on",
    "purchases",
    "returned",
    "asset",
)


async def bring_gains(connection: AsyncConnection, gains: Select[Any]) -> int:
    """Store what assets earned, in one statement; answer how many rows were new or corrected.

    `gains` selects member, order, shipment, date, amount, taken back, asset, in this order. What is
    stored already stays, and only ever counts less.
    """
    rows = gains.subquery("gains")
    statement = insert(activity).from_select(_COLUMNS, select(*rows.c))
    written = (
        statement.on_conflict_do_update(
            constraint="activity_recorded_once_per_shipment",
            set_={"returned": statement.excluded.returned},
            where=(activity.c.returned < statement.excluded.returned)
            & (activity.c.purchases == statement.excluded.purchases),
        )
        .returning(activity.c.member)
        .cte("written")
    )
    return await connection.scalar(select(func.count()).select_from(written)) or 0
