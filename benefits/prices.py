"""Price lists: what members pay for a SKU, effective-dated."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.types import Price


async def set_prices(
    connection: AsyncConnection,
    price_list: str,
    prices: Sequence[Price],
    *,
    actor: str,
    at: datetime,
) -> int:
    """Add prices to a list, making the list where it is new; answers how many were new.

    The same price again is a replay. Raises PriceAboveRegular and NegativePrice.
    """
    raise NotImplementedError


def prices_of(skus: Sequence[str], at: datetime) -> Select[str, str, int]:
    """Rows `price_list, sku, amount`: what the SKUs cost in every list at the instant."""
    raise NotImplementedError
