"""A hundred random changes of single rows, anywhere in the books: each is found and named."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import ledger
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.ledger.lives import a_life, a_merge
from tests.ledger.test_audit import COLUMNS, TABLES, UNGUARDED
from tests.ledger.test_audit import OTHER as OTHERS
from tests.support.database import Clone
from tests.support.requirements import sample

JANUARY = date(2026, 1, 1)
SAID: dict[str, Any] = {"actor": "system", "request_id": "test"}

NAMED_BY = {
    "wallet": ("holder", "asset"),
    "journal": ("id",),
    "transfer": ("journal",),
    "lot": ("id",),
    "slice": ("journal",),
    "hold": ("id",),
    "receipt": ("key",),
    "rollup": ("asset", "booked_on"),
    "calendar": (),
    "period": ("month",),
}
"""What of a row a finding must say: a transfer or slice is named by its journal."""

UNIQUE = {
    "wallet": "asset",
    "journal": "id",
    "transfer": "position",
    "lot": "id",
    "slice": "position",
    "hold": "id",
    "receipt": "key",
    "rollup": "class",
    "calendar": "zone",
    "period": "month",
}
EVERYWHERE = (*TABLES, "calendar", "period")
OTHER = {**OTHERS, "xid8": "'3'::xid8"}


@dataclass(frozen=True)
class Change:
    """One change of one row."""

    what: str
    statement: str
    table: str
    row: dict[str, Any]


class Vandal:
    """Chooses a row and what to do to it."""

    def __init__(self, connection: AsyncConnection, random: Random) -> None:
        self.connection = connection
        self.random = random
        self.columns: dict[str, list[tuple[str, str]]] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}

    async def look_around(self) -> None:
        """Learn the tables, their columns and their rows."""
        for table in EVERYWHERE:
            found = await self.connection.execute(text(COLUMNS), {"tables": [table]})
            self.columns[table] = [(row[1], row[2]) for row in found]
            rows = await self.connection.execute(
                text(f"SELECT ctid::text AS place, t.* FROM ledger.{table} AS t ORDER BY ctid")
            )
            self.rows[table] = [dict(row) for row in rows.mappings()]

    def change(self) -> Change:
        table = self.random.choice(EVERYWHERE)
        row = self.random.choice(self.rows[table])
        return self.random.choice([self._edit, self._edit, self._delete, self._add, self._move])(
            table, row
        )

    def _edit(self, table: str, row: dict[str, Any]) -> Change:
        column, type_ = self.random.choice(
            [one for one in self.columns[table] if (table, one[0]) not in UNGUARDED]
        )
        value = OTHER[type_].format(f'"{column}"')
        if type_ == "int8" and self.random.random() < 0.5:
            value = f'coalesce("{column}", 0) - {self.random.randint(1, 9)}'
        statement = f'UPDATE ledger.{table} SET "{column}" = {value}'
        return self._of(f"edit {table}.{column}", statement, table, row)

    def _delete(self, table: str, row: dict[str, Any]) -> Change:
        return self._of(f"delete {table}", f"DELETE FROM ledger.{table}", table, row)

    def _add(self, table: str, row: dict[str, Any]) -> Change:
        """A copy of the row under another name."""
        unique = UNIQUE[table]
        listed = ", ".join(f'"{name}"' for name, _ in self.columns[table])
        values = ", ".join(
            OTHER[type_].format(f'"{name}"') if name == unique else f'"{name}"'
            for name, type_ in self.columns[table]
        )
        statement = f"INSERT INTO ledger.{table} ({listed}) SELECT {values} FROM ledger.{table}"
        return self._of(f"add {table}", statement, table, row)

    def _move(self, table: str, row: dict[str, Any]) -> Change:
        """Hang the row onto another holder, journal or lot, or onto another account."""
        hooks = {"asset", "debit", "credit"}
        named = [name for name, kind in self.columns[table] if kind == "uuid" or name in hooks]
        if not named:
            return self._edit(table, row)
        hook = self.random.choice(named)
        others = {str(one[hook]) for one in self.rows[table] if one[hook] != row[hook]}
        value = self.random.choice(sorted(others - {"None"}) or [str(new_id())])
        statement = f"UPDATE ledger.{table} SET \"{hook}\" = '{value}'"
        return self._of(f"move {table}.{hook}", statement, table, row)

    def _of(self, what: str, statement: str, table: str, row: dict[str, Any]) -> Change:
        return Change(what, f"{statement} WHERE ctid = '{row['place']}' RETURNING *", table, row)


@pytest.fixture
async def vandal(clone: Clone) -> AsyncIterator[Vandal]:
    """Somebody with the owner's hands over books that have lived, with a month that is closed."""
    engine = create_async_engine(clone.owner, poolclass=NullPool)
    async with engine.connect() as connection:
        await live(connection)
        await ledger.begin_closing(connection, JANUARY, at=day(33), **SAID)
        await connection.commit()
        while not await ledger.is_drained(connection, JANUARY):
            await connection.commit()
            await asyncio.sleep(0.02)
        await ledger.finish_closing(
            connection, JANUARY, at=day(33), verified_by="test", reconciled_by="test", **SAID
        )
        await ledger.roll_up(connection)
        await connection.commit()
        await live(connection)
        vandal = Vandal(connection, Random(7_274))
        await vandal.look_around()
        yield vandal
        await connection.rollback()
    await engine.dispose()


async def live(connection: AsyncConnection) -> None:
    """The lives of two holders."""
    await ledger.found_books(connection, zone="UTC", on=JANUARY)
    books = Books(connection)
    await a_life(books)
    await connection.commit()
    await a_merge(books)
    await connection.commit()


async def found(connection: AsyncConnection, change: Change) -> bool | None:
    """Whether the proof finds the row and names it; none when no such row can be written."""
    attempt = await connection.begin_nested()
    try:
        changed = (await connection.execute(text(change.statement))).mappings().one()
        rows = [finding.row for finding in await ledger.verify(connection)]
    except DBAPIError:
        return None
    finally:
        await attempt.rollback()
    names = [[str(one[name]) for name in NAMED_BY[change.table]] for one in (change.row, changed)]
    return any(all(word in row for word in words) for row in rows for words in names)


async def test_a_hundred_random_changes_of_single_rows_are_found_and_named(
    vandal: Vandal,
) -> None:
    missed: list[str] = []
    tried = 0
    while tried < sample(quick=100, full=1_500):
        change = vandal.change()
        outcome = await found(vandal.connection, change)
        tried += outcome is not None
        if outcome is False:
            missed.append(f"{change.what}: {change.statement}")

    assert missed == []
