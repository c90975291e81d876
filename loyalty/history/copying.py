"""Rows copied into their tables, by the driver's COPY inside the transaction at hand."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.hot import driver


async def copy_rows(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Copy rows into the named columns of a table; awaits only when a buffer is full."""
    statement = sql.SQL("COPY {}.{} ({}) FROM STDIN").format(
        sql.Identifier(table.schema or "public"),
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
    )
    async with driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        written = copy.formatter.write_row
        for row in rows:
            if buffer := written(row):
                await copy.writer.write(buffer)
