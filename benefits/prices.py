"""Price lists: what members pay for a SKU, effective-dated.

A price counts from its instant until the next price of the same SKU and list; a price without an
amount ends it. Prices are added and never changed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from benefits.errors import NegativePrice, PriceAboveRegular, PriceConflict
from benefits.language.values import read_name, read_text
from benefits.records import Price
from benefits.tables import price, price_list

_ROWS_AT_ONCE = 1_000


async def set_prices(
    connection: AsyncConnection,
    name: str,
    prices: Sequence[Price],
    *,
    actor: str,
    at: datetime,
) -> int:
    """Add prices to a list, making the list where it is new; answers how many were new.

    The same price again is a replay. Raises PriceAboveRegular, NegativePrice, and PriceConflict
    where another amount begins at the same instant.
    """
    read_name(name, "/price_list")
    for position, entry in enumerate(prices):
        _refuse(entry, f"/prices/{position}")
    await connection.execute(
        insert(price_list)
        .values(name=name, created_at=at, created_by=actor)
        .on_conflict_do_nothing()
    )
    added = 0
    for start in range(0, len(prices), _ROWS_AT_ONCE):
        added += await _add(connection, name, prices[start : start + _ROWS_AT_ONCE], actor, at)
    return added


async def list_price_lists(connection: AsyncConnection) -> list[str]:
    """The names of all price lists."""
    return list(await connection.scalars(select(price_list.c.name).order_by(price_list.c.name)))


async def list_prices(
    connection: AsyncConnection, name: str, *, at: datetime, after: str = "", limit: int = 50
) -> list[Price]:
    """The prices of a list that count at the instant, by SKU."""
    newest = (
        select(price)
        .ext(distinct_on(price.c.sku))
        .where(price.c.price_list == name, price.c.starts_at <= at, price.c.sku > after)
        .order_by(price.c.sku, price.c.starts_at.desc())
        .subquery()
    )
    statement = (
        select(newest).where(newest.c.amount.is_not(None)).order_by(newest.c.sku).limit(limit)
    )
    return [
        Price(row.sku, row.amount, row.regular, row.starts_at)
        for row in await connection.execute(statement)
    ]


def prices_of(
    skus: Sequence[str] | ColumnElement[Sequence[str]], at: datetime | ColumnElement[datetime]
) -> Select[str, str, int]:
    """Rows `price_list, sku, amount`: what a unit of each SKU costs in every list then."""
    wanted = skus if isinstance(skus, ColumnElement) else literal(list(skus), ARRAY(Text))
    newest = (
        select(price.c.price_list, price.c.sku, price.c.amount)
        .ext(distinct_on(price.c.sku, price.c.price_list))
        .where(price.c.sku == any_(wanted), price.c.starts_at <= at)
        .order_by(price.c.sku, price.c.price_list, price.c.starts_at.desc())
        .subquery("newest_price")
    )
    return select(newest.c.price_list, newest.c.sku, newest.c.amount).where(
        newest.c.amount.is_not(None)
    )


async def _add(
    connection: AsyncConnection, name: str, prices: Sequence[Price], actor: str, at: datetime
) -> int:
    rows = [
        {
            "sku": entry.sku,
            "price_list": name,
            "starts_at": entry.starts_at,
            "amount": entry.amount,
            "regular": entry.regular,
            "created_at": at,
            "created_by": actor,
        }
        for entry in prices
    ]
    added = await connection.execute(
        insert(price)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(price.c.sku, price.c.starts_at)
    )
    new = {(row.sku, row.starts_at) for row in added}
    old = [entry for entry in prices if (entry.sku, entry.starts_at) not in new]
    if old:
        await _refuse_other_amounts(connection, name, old)
    return len(new)


async def _refuse_other_amounts(
    connection: AsyncConnection, name: str, prices: Sequence[Price]
) -> None:
    skus = literal([entry.sku for entry in prices], ARRAY(Text))
    stored = await connection.execute(
        select(price.c.sku, price.c.starts_at, price.c.amount, price.c.regular).where(
            price.c.price_list == name, price.c.sku == any_(skus)
        )
    )
    known = {(row.sku, row.starts_at): (row.amount, row.regular) for row in stored}
    for entry in prices:
        if known[entry.sku, entry.starts_at] != (entry.amount, entry.regular):
            raise PriceConflict(sku=entry.sku, seen=entry.starts_at.isoformat())


def _refuse(entry: Price, pointer: str) -> None:
    read_text(entry.sku, f"{pointer}/sku")
    for name, amount in (("amount", entry.amount), ("regular", entry.regular)):
        if amount is not None and amount < 0:
            raise NegativePrice(pointer=f"{pointer}/{name}", seen=amount)
    if entry.amount is not None and entry.regular is not None and entry.amount > entry.regular:
        raise PriceAboveRegular(
            pointer=f"{pointer}/amount", sku=entry.sku, seen=entry.amount, wanted=entry.regular
        )
