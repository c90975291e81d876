"""One row edited, deleted or added anywhere in the books is found, and named."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import ledger
from tests.ledger.building import Books
from tests.support.database import Clone

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
    "date": "{} + 1",
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


async def a_life(books: Books) -> None:
    """One of everything."""
    await books.earn("a", 100, at=0, expires=30)
    await books.earn("b", 50, at=1, activates=5, expires=90)
    await books.hold("h", 60, at=2, until=9)
    await books.extend("e", "h", 12, at=3)
    await books.capture("c", "h", 40, at=4, rest=ledger.Rest.STAY)
    await books.spend("s", 20, at=6)
    await books.restore("r", "s", 5, at=7)
    await books.release("back", "h", 5, at=7)
    await books.claw_back("cb", "b", 10, "debt", at=8)
    await books.adjust("adj", 7, at=8)
    await books.freeze("f", at=8)
    await books.settle(40)
    await books.restore("late", "c", 10, at=41, grace_days=3)
    await books.hold("h2", 3, at=41)
    await books.freeze("thaw", at=42, frozen=False)
    await books.hold("h2", 3, at=42)


@pytest.fixture
async def owner(clone: Clone) -> AsyncIterator[AsyncConnection]:
    """The owner's hands in a transaction, over books that have lived and were rolled up."""
    engine = create_async_engine(clone.owner, poolclass=NullPool)
    async with engine.connect() as connection:
        for _ in range(2):
            await a_life(Books(connection))
        await connection.execute(
            text("UPDATE ledger.journal SET recorded_xid = '1' WHERE sequence <= 8")
        )
        await connection.execute(text("SELECT ledger.roll_up()"))
        yield connection
        await connection.rollback()
    await engine.dispose()


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
