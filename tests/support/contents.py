"""What a programme holds about its members, told so that two ways to the same state read the same.

Every row of every table that has a member or a holder, in full, except what may differ by nature:
instants of recording, who recorded it and under which request, transaction numbers, and ids. Ids of
members and orders are told as the shop's names for them, so that a row under the wrong member or
order is still another row.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database
from loyalty.ids import show

SCHEMAS: Final = ("benefits", "ledger", "loyalty", "tiers")
OWN: Final = frozenset(
    {
        *("recorded_at", "recorded_xid", "actor", "request_id", "cluster", "canonical"),
        *("historic", "created_at", "published_at", "published_by", "created_by", "seal"),
        "feed_xid",
        "replaces",  # the number of the standing that this one was decided on: one go, or many
    }
)
"""Columns that say how something came to be recorded, not what it is."""
UNORDERED: Final = frozenset({"event", "transfer"})
"""Tables whose `position` counts over the whole feed, or over what is due at one instant."""
ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[a-z]{3}_[0-9a-z]{26}\b")
INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-][\d:]+)?)?"
)

_TABLES: Final = text(
    "select table_schema, table_name, array_agg(column_name::text) as columns"
    " from information_schema.columns"
    " where table_schema = any(:schemas) and column_name in ('member', 'holder')"
    " and table_name not in ('rollup', 'api_key') group by 1, 2 order by 1, 2"
)
_NAMES: Final = text(
    "select n.kind, n.name, n.id, m.id as member, m.holder from loyalty.name n"
    " left join loyalty.member m on m.id = n.member where n.kind in ('member', 'order')"
    " and (cast(:whose as uuid) is null or n.member = cast(:whose as uuid))"
)
WIDTH: Final = 1 << 128


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a table holds, and a sum over them that does not depend on their order."""

    rows: int
    total: str


async def digests(database: Database) -> Mapping[str, Digest]:
    """Sum up every table about members."""
    found = {}
    async with database.snapshot() as connection:
        names = await _names(connection)
        for schema, table, _ in await _tables(connection):
            rows, total = 0, 0
            async for told in _rows(connection, schema, table, names):
                rows += 1
                hashed = hashlib.blake2b(told.encode(), digest_size=16).digest()
                total = (total + int.from_bytes(hashed)) % WIDTH
            found[f"{schema}.{table}"] = Digest(rows, f"{total:032x}")
    return found


async def contents(database: Database, tables: frozenset[str] | None = None) -> dict[str, Any]:
    """Tell every row of every table about members, or of the tables named."""
    found = {}
    async with database.snapshot() as connection:
        names = await _names(connection)
        for schema, table, _ in await _tables(connection):
            if tables is None or f"{schema}.{table}" in tables:
                rows = _rows(connection, schema, table, names)
                found[f"{schema}.{table}"] = Counter([told async for told in rows])
    return found


async def of_member(database: Database, member: UUID, *hidden: str) -> Mapping[str, Counter[str]]:
    """Tell every row about one member, without instants and without what is theirs in names.

    So two members who did the same one after the other read the same.
    """
    async with database.snapshot() as connection:
        names, tables = await _names(connection, member), await _tables(connection)
        holder = text("select holder from loyalty.member where id = :id")
        both = [member, await connection.scalar(holder, {"id": member})]
        found: dict[str, Counter[str]] = {
            f"{schema}.{table}": Counter() for schema, table, _ in tables
        }
        parts = [
            f"select '{schema}.{table}' as home, to_jsonb(t) as row from {schema}.\"{table}\" t"
            f" where {_about(table, columns)}"
            for schema, table, columns in tables
        ]
        for home, row in await connection.execute(text(" union all ".join(parts)), {"both": both}):
            told = INSTANT.sub("then", _told(home.partition(".")[2], row, names))
            for each in hidden:
                told = told.replace(each, "*")
            found[home][told] += 1
    return found


def _about(table: str, columns: Sequence[str]) -> str:
    own = {"member", "holder"} & set(columns) | ({"id"} if table == "member" else set())
    return " or ".join(f"t.{each} = any(:both)" for each in sorted(own))


def differences(
    one: Mapping[str, Counter[str]], other: Mapping[str, Counter[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """Name the tables that differ, with a few rows that only one or the other holds."""
    assert one.keys() == other.keys()
    return {
        table: (list(one[table] - other[table])[:3], list(other[table] - one[table])[:3])
        for table in one
        if one[table] != other[table]
    }


async def _tables(connection: AsyncConnection) -> list[tuple[str, str, list[str]]]:
    rows = await connection.execute(_TABLES, {"schemas": list(SCHEMAS)})
    return [(row.table_schema, row.table_name, row.columns) for row in rows]


async def _names(connection: AsyncConnection, member: UUID | None = None) -> dict[str, str]:
    """What the ids of members and orders are told as, in both their spellings."""
    names: dict[str, str] = {}
    for row in await connection.execute(_NAMES, {"whose": member}):
        if row.kind == "member":
            names |= {str(row.member): row.name, str(row.holder): row.name}
            names[show("mem", row.member)] = row.name
        else:
            name = "id" if ID.fullmatch(row.name) else row.name  # where the shop gave none
            names |= {str(row.id): name, show("ord", row.id): name}
    return names


async def _rows(
    connection: AsyncConnection, schema: str, table: str, names: Mapping[str, str]
) -> AsyncIterator[str]:
    about = " where t.member is not null" if table == "change" else ""
    rows = await connection.stream(text(f'select to_jsonb(t) from {schema}."{table}" t{about}'))
    async for (row,) in rows:
        yield _told(table, row, names)


def _told(table: str, row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kept = {key: row[key] for key in sorted(row) if key not in OWN}
    if table in UNORDERED:
        kept.pop("position", None)
    return ID.sub(lambda found: names.get(found[0], "id"), json.dumps(kept))
