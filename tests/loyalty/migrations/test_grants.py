"""Immutability is a grant: what the application's role may not do, read from the catalogue."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.postgres import APPLICATION, OWNER

HISTORY = """
    SELECT format('%s.%s', schemaname, tablename) FROM pg_tables
    WHERE schemaname = 'ledger' AND tablename <> 'intake' ORDER BY 1
"""
MAY = "SELECT has_table_privilege(current_user, :table, :right)"
COLUMNS = """
    SELECT bool_or(has_column_privilege(current_user, :table, attname, 'UPDATE'))
    FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0
      AND NOT attisdropped
"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig, p.proowner::regrole::text,
           has_function_privilege('public', p.oid, 'EXECUTE')
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = 'ledger'
"""
CALLED = """
    SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig, p.provolatile::text
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = 'ledger' AND has_function_privilege(current_user, p.oid, 'EXECUTE')
"""


async def test_the_application_cannot_change_the_books(connection: AsyncConnection) -> None:
    tables = (await connection.execute(text(HISTORY))).scalars().all()

    assert tables
    for table in tables:
        for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"):
            may = await connection.execute(text(MAY), {"table": table, "right": right})
            assert may.scalar_one() is False, f"{right} on {table}"
        assert (await connection.execute(text(COLUMNS), {"table": table})).scalar_one() is False


async def test_the_application_owns_nothing(connection: AsyncConnection) -> None:
    owned = await connection.execute(
        text(
            "SELECT count(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass"
            " AND refobjid = to_regrole(current_user)::oid AND deptype = 'o'"
        )
    )

    assert owned.scalar_one() == 0


@pytest.mark.parametrize(
    "schema", ["ledger", "tiers", "benefits", "loyalty", "migration", "public"]
)
async def test_the_application_makes_nothing(connection: AsyncConnection, schema: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await connection.execute(text(f"CREATE TABLE {schema}.mine ()"))


async def test_what_the_application_calls_in_the_ledger_is_pinned(
    connection: AsyncConnection,
) -> None:
    functions = (await connection.execute(text(CALLED))).all()
    writing = [row for row in functions if row.provolatile == "v"]

    assert writing
    for row in writing:
        name = row[0]
        assert row.prosecdef, f"{name} runs as its caller"
        assert "search_path=pg_catalog, pg_temp" in row.proconfig, name


async def test_nobody_else_may_call_the_ledger(connection: AsyncConnection) -> None:
    functions = (await connection.execute(text(FUNCTIONS))).all()

    assert functions
    for name, _, _, owner, public in functions:
        assert owner == OWNER, name
        assert public is False, f"everybody may call {name}"


async def test_every_definer_function_pins_its_search_path(connection: AsyncConnection) -> None:
    found = await connection.execute(
        text(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p"
            " JOIN pg_namespace AS n ON n.oid = p.pronamespace"
            " WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prosecdef"
            " AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE '%search_path=pg_catalog%',"
            " false)"
        )
    )

    assert found.scalars().all() == []


async def test_the_roles_have_no_powers(connection: AsyncConnection) -> None:
    found = await connection.execute(
        text(
            "SELECT rolname FROM pg_roles WHERE rolname IN (:application, :owner)"
            " AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)"
        ),
        {"application": APPLICATION, "owner": OWNER},
    )

    assert found.scalars().all() == []
