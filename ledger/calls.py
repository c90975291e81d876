"""How statements reach PostgreSQL on the hot path: prepared once, on the driver's own connection.

SQLAlchemy's execution costs several times the driver's; the transaction is SQLAlchemy's all the
same. The driver is not imported: it arrives with the connection.
"""

from collections.abc import Sequence
from typing import Any, Protocol, Self, cast

from sqlalchemy.ext.asyncio import AsyncConnection

Row = tuple[Any, ...]


class _Cursor(Protocol):
    async def fetchall(self) -> list[Row]: ...


class _Copy(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exception: object) -> None: ...

    async def write(self, data: bytes) -> None: ...


class _CopyingCursor(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exception: object) -> None: ...

    def copy(self, statement: str) -> _Copy: ...


class Driver(Protocol):
    """What this package uses of the driver's connection."""

    async def execute(self, query: str, params: Sequence[object], *, prepare: bool) -> _Cursor:
        """Run one statement."""
        ...

    def cursor(self) -> _CopyingCursor:
        """Open a cursor."""
        ...


async def driver(connection: AsyncConnection) -> Driver:
    """Answer the driver's connection, inside the transaction of the one given."""
    if not connection.in_transaction():
        _ = await connection.begin()
    pooled = connection.sync_connection
    if pooled is None:
        raise LookupError("the connection is not open")
    return cast("Driver", pooled.connection.driver_connection)


async def call(connection: AsyncConnection, statement: str, *arguments: object) -> list[Row]:
    """Run one prepared statement and answer all its rows."""
    cursor = await (await driver(connection)).execute(statement, arguments, prepare=True)
    return await cursor.fetchall()
