"""Immutability is a grant: what the application's role may do to the books, from the catalogue."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

FUNCTIONS = """
    SELECT p.proname, p.prosecdef, p.proconfig,
        has_function_privilege('public', p.oid, 'EXECUTE') AS public,
        has_function_privilege(current_user, p.oid, 'EXECUTE') AS ours
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = 'ledger'
"""
RIGHTS = """
    SELECT c.relname, r.name FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS r (name)
    WHERE n.nspname = 'ledger' AND c.relkind IN ('r', 'p')
        AND has_table_privilege(current_user, c.oid, r.name)
    ORDER BY 1, 2
"""


async def test_the_application_may_write_nothing_but_the_intake(
    connection: AsyncConnection,
) -> None:
    rows = [tuple(row) for row in await connection.execute(text(RIGHTS))]

    assert rows == [("intake", "DELETE"), ("intake", "INSERT")]


async def test_every_function_we_may_call_is_safe_to_call(connection: AsyncConnection) -> None:
    rows = (await connection.execute(text(FUNCTIONS))).all()

    assert [row.proname for row in rows if row.public] == []
    callable_ = [row for row in rows if row.ours]
    assert {"post", "post_one", "settle", "sweep", "post_intake", "roll_up"} <= {
        r.proname for r in callable_
    }
    for row in callable_:
        assert row.prosecdef, row.proname
        assert "search_path=pg_catalog, pg_temp" in row.proconfig, row.proname


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.wallet SET available = 1000",
        "DELETE FROM ledger.journal",
        "INSERT INTO ledger.watermark VALUES (1, '1')",
        "TRUNCATE ledger.transfer",
        "SELECT ledger.write(NULL, NULL, NULL, NULL, NULL, NULL)",
    ],
)
async def test_the_books_cannot_be_changed_past_the_functions(
    connection: AsyncConnection, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await connection.execute(text(statement))
