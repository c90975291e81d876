"""Statements that are compiled once and then run by the driver.

SQLAlchemy's execution costs about four times the driver's own (decision 0012). A hot statement is
written in typed Core like any other, compiled when it is first used, and run on the driver's
connection of the same SQLAlchemy transaction, so both kinds mix freely.
"""

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Generic, NamedTuple, TypeVarTuple, cast
from uuid import UUID

import psycopg
from sqlalchemy import BindParameter
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.types import TypeEngine

from loyalty.settings import DRIVER

Ts = TypeVarTuple("Ts")
Convert = Callable[[Any], Any]


class Compiled(NamedTuple):
    """A statement ready for the driver."""

    text: bytes
    """Encoded once: the driver finds a prepared statement by it, and bytes remember their hash."""
    names: tuple[str, ...]
    defaults: dict[str, Any]
    ingoing: dict[str, Convert]
    outgoing: tuple[tuple[int, Convert], ...]


class Hot(Generic[*Ts]):
    """A statement that is compiled at its first use; values are given by parameter name.

    Lists must be written as ``= any(:array)``: what SQLAlchemy expands at every execution cannot be
    compiled once, and is refused.
    """

    def __init__(self, statement: TypedReturnsRows[*Ts]) -> None:
        self._statement = statement

    async def all(self, connection: AsyncConnection, /, **values: object) -> list[tuple[*Ts]]:
        """Every row."""
        cursor = await self._run(connection, values)
        return [self._row(row) for row in await cursor.fetchall()]

    async def first(self, connection: AsyncConnection, /, **values: object) -> tuple[*Ts] | None:
        """The first row, if there is one."""
        cursor = await self._run(connection, values)
        row = await cursor.fetchone()
        return None if row is None else self._row(row)

    async def one(self, connection: AsyncConnection, /, **values: object) -> tuple[*Ts]:
        """The only row; `LookupError` when there is none."""
        row = await self.first(connection, **values)
        if row is None:
            raise LookupError("a row is expected and there is none")
        return row

    async def run(self, connection: AsyncConnection, /, **values: object) -> int:
        """Run it for what it does, and say how many rows it touched."""
        return (await self._run(connection, values)).rowcount

    async def _run(
        self, connection: AsyncConnection, values: dict[str, object]
    ) -> "psycopg.AsyncCursor[tuple[Any, ...]]":
        compiled = self._compiled
        unknown = values.keys() - compiled.defaults.keys()
        if unknown:
            raise TypeError(f"the statement takes {sorted(compiled.defaults)}, not {unknown}")
        arguments = {**compiled.defaults, **values}
        for name, convert in compiled.ingoing.items():
            arguments[name] = convert(arguments[name])
        # A raw cursor takes $1 as it stands; psycopg would parse a long text anew at every call.
        cursor: psycopg.AsyncRawCursor[tuple[Any, ...]]
        cursor = psycopg.AsyncRawCursor(driver(connection))
        values_in_order = [arguments[name] for name in compiled.names]
        return await cursor.execute(compiled.text, values_in_order, prepare=True)

    def _row(self, row: tuple[Any, ...]) -> tuple[*Ts]:
        if not self._compiled.outgoing:
            return cast("tuple[*Ts]", row)
        cells = list(row)
        for place, convert in self._compiled.outgoing:
            cells[place] = convert(cells[place])
        return cast("tuple[*Ts]", tuple(cells))

    @cached_property
    def _compiled(self) -> Compiled:
        dialect = _dialect()
        compiled = self._statement.compile(dialect=dialect)
        expanding = [name for name, bound in compiled.binds.items() if bound.expanding]
        if expanding:
            raise TypeError(f"{expanding} would be expanded at every execution")
        return Compiled(
            text=str(compiled).encode(),
            names=tuple(compiled.positiontup or ()),
            defaults=dict(compiled.params),
            ingoing={
                name: convert
                for name in compiled.params
                if (convert := _writer(compiled.binds[name].type, dialect)) is not None
            },
            outgoing=tuple(
                (place, convert)
                for place, column in enumerate(self._statement.exported_columns)
                if (convert := _reader(column.type, dialect)) is not None
            ),
        )


def hot(statement: TypedReturnsRows[*Ts]) -> Hot[*Ts]:
    """A typed statement that is run often; keep it in a module constant."""
    return Hot(statement)


def driver(connection: AsyncConnection) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
    """The driver's connection, inside the transaction that the given one is in."""
    pooled = connection.sync_connection
    if pooled is None:
        raise LookupError("the connection is not open")
    return cast("psycopg.AsyncConnection[tuple[Any, ...]]", pooled.connection.driver_connection)


def _writer(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _reader(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)


class _Inlining(PGCompiler):
    """Writes constants into the text, which would else travel with every execution.

    With them in the text a generic plan may use partial indexes, too.
    """

    def visit_bindparam(
        self, bindparam: BindParameter[Any], *given: object, **asked: object
    ) -> str:
        """Write what the statement itself says; what is handed in stays a parameter."""
        untyped: Any = self
        value, kind = bindparam.value, bindparam.type.dialect_impl(self.dialect)
        said = bindparam.unique and isinstance(value, str | int | UUID)
        constant = said and "\\" not in str(value)
        if not constant or bindparam.expanding:
            as_it_was: Any = super().visit_bindparam
            return str(as_it_was(bindparam, *given, **asked))
        text = str(untyped.render_literal_bindparam(bindparam))
        if not kind.render_bind_cast:
            return text
        return str(untyped.render_bind_cast(bindparam.type, kind, text))


@cache
def _dialect() -> Dialect:
    dialect = create_async_engine(f"{DRIVER}://", paramstyle="numeric_dollar").dialect
    dialect.statement_compiler = _Inlining
    return dialect
