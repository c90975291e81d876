"""One row edited, deleted or added anywhere in the books is found, and named."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger

TABLES = ("wallet", "journal", "transfer", "lot", "slice", "hold", "receipt", "rollup")
UNGUARDED = {
    ("journal", "recorded_xid"),  # says when a row was recorded, not what; the sealer will chain it
}
OTHER = {
    "uuid": "gen_random_uuid()",
    "int8": "coalesce({}, 0) + 1",
    "int4": "coalesce({}, 0) + 100",
    "text": "coalesce({}, '') || 'x'",
    "bool": "NOT {}",
    "jsonb": """'{{"tier": "other"}}'""",
    "date": "coalesce({}, '2026-02-01') + 1",
    "timestamptz": "coalesce({}, '2026-01-01') + interval '1 second'",
}
COLUMNS = """
    SELECT c.relname, a.attname, coalesce(b.typname, t.typname)
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_type AS b ON b.oid = t.typbasetype
    WHERE c.relnamespace = 'ledger'::regnamespace AND c.relname = ANY (:tables)
        AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum
"""


async def is_found(connection: AsyncConnection, statement: str) -> bool:
    """Whether a change is refused by a constraint or found by the proof; it is taken back."""
    attempt = await connection.begin_nested()
    try:
        done = await connection.execute(text(statement))
        assert done.rowcount == 1, statement
        return bool(await ledger.verify(connection))
    except IntegrityError:
        return True
    finally:
        await attempt.rollback()


async def test_untouched_books_are_proved(owner: AsyncConnection) -> None:
    assert list(await ledger.verify(owner)) == []
    rolled = await owner.execute(text("SELECT count(*) FROM ledger.rollup"))
    assert rolled.scalar_one() > 0


async def test_an_edit_of_any_column_is_found(owner: AsyncConnection) -> None:
    columns = (await owner.execute(text(COLUMNS), {"tables": list(TABLES)})).all()
    assert len(columns) > 70
    missed = []
    for table, column, type_ in columns:
        if (table, column) in UNGUARDED:
            continue
        value = OTHER[type_].format(f'"{column}"')
        rows = (await owner.execute(text(f"SELECT ctid::text FROM ledger.{table}"))).scalars().all()
        for ctid in rows[:: max(1, len(rows) // 2)]:
            edit = f"UPDATE ledger.{table} SET \"{column}\" = {value} WHERE ctid = '{ctid}'"
            if not await is_found(owner, edit):
                missed.append((table, column))

    assert missed == []


@pytest.mark.parametrize("table", TABLES)
async def test_a_deleted_row_is_found(owner: AsyncConnection, table: str) -> None:
    rows = (await owner.execute(text(f"SELECT ctid::text FROM ledger.{table}"))).scalars().all()

    assert rows
    for ctid in rows[:: max(1, len(rows) // 6)]:
        assert await is_found(owner, f"DELETE FROM ledger.{table} WHERE ctid = '{ctid}'"), ctid


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("wallet", "asset"),
        ("journal", "id"),
        ("transfer", "position"),
        ("lot", "id"),
        ("slice", "position"),
        ("hold", "id"),
        ("receipt", "key"),
        ("rollup", "labels"),
    ],
)
async def test_an_added_row_is_found(owner: AsyncConnection, table: str, key: str) -> None:
    rows = (await owner.execute(text(COLUMNS), {"tables": [table]})).all()
    columns = [f'"{column}"' for _, column, _ in rows]
    values = [
        OTHER[type_].format(f'"{column}"') if column == key else f'"{column}"'
        for _, column, type_ in rows
    ]

    copy = (
        f"INSERT INTO ledger.{table} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM ledger.{table} LIMIT 1"
    )

    assert await is_found(owner, copy)


async def test_a_finding_names_the_row(owner: AsyncConnection) -> None:
    holder = (await owner.execute(text("SELECT min(holder::text) FROM ledger.wallet"))).scalar_one()
    await owner.execute(
        text("UPDATE ledger.wallet SET pending = pending + 1 WHERE holder::text = :holder"),
        {"holder": holder},
    )

    findings = await ledger.verify(owner)

    assert [finding.row for finding in findings[:2]] == [f"wallet {holder} points"] * 2
