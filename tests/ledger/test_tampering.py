"""A hundred random changes of single rows, anywhere in the books: each is found and named."""

from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.ids import new_id
from tests.ledger.test_audit import COLUMNS, OTHER, TABLES, UNGUARDED
from tests.support.requirements import sample

NAMED_BY = {
    "wallet": ("holder", "asset"),
    "journal": ("id",),
    "transfer": ("journal",),
    "lot": ("id",),
    "slice": ("journal",),
    "hold": ("id",),
    "receipt": ("key",),
    "rollup": ("asset", "booked_on"),
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
}


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
        for table in TABLES:
            found = await self.connection.execute(text(COLUMNS), {"tables": [table]})
            self.columns[table] = [(row[1], row[2]) for row in found]
            rows = await self.connection.execute(
                text(f"SELECT ctid::text AS place, t.* FROM ledger.{table} AS t ORDER BY ctid")
            )
            self.rows[table] = [dict(row) for row in rows.mappings()]

    def change(self) -> Change:
        table = self.random.choice(TABLES)
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
        hook = self.random.choice(
            [name for name, type_ in self.columns[table] if type_ == "uuid" or name in hooks]
        )
        others = {str(one[hook]) for one in self.rows[table] if one[hook] != row[hook]}
        value = self.random.choice(sorted(others - {"None"}) or [str(new_id())])
        statement = f"UPDATE ledger.{table} SET \"{hook}\" = '{value}'"
        return self._of(f"move {table}.{hook}", statement, table, row)

    def _of(self, what: str, statement: str, table: str, row: dict[str, Any]) -> Change:
        return Change(what, f"{statement} WHERE ctid = '{row['place']}' RETURNING *", table, row)


@pytest.fixture
async def vandal(owner: AsyncConnection) -> Vandal:
    vandal = Vandal(owner, Random(7_274))  # noqa: S311  # a repeatable choice
    await vandal.look_around()
    return vandal


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
    owner: AsyncConnection, vandal: Vandal
) -> None:
    missed: list[str] = []
    tried = 0
    while tried < sample(quick=100, full=1_500):
        change = vandal.change()
        outcome = await found(owner, change)
        tried += outcome is not None
        if outcome is False:
            missed.append(f"{change.what}: {change.statement}")

    assert missed == []
