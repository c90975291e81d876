"""Member prices: entries of a price list, effective-dated, with who set them."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.changes import record_change


async def set_prices(
    connection: AsyncConnection, cause: Cause, price_list: str, prices: Sequence[benefits.Price]
) -> int:
    """Add prices to a list and return how many were new."""
    new = await benefits.set_prices(connection, price_list, prices, actor=cause.actor, at=cause.at)
    await record_change(
        connection,
        cause,
        subject_kind="price-list",
        subject=price_list,
        action="set-prices",
        after={"given": len(prices), "new": new},
    )
    return new
