"""A statement compiled once answers what SQLAlchemy would answer."""

import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    BigInteger,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
    text,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database
from loyalty.hot import driver, hot
from tests.support.database import Clone

ECHO = hot(
    select(
        bindparam("holder", type_=Uuid),
        bindparam("facts", type_=JSONB),
        func.to_timestamp(literal(0)),
        literal(7, BigInteger),
    )
)
NUMBERS = hot(
    select(column("n", BigInteger))
    .select_from(values(column("n", BigInteger), name="v").data([(1,), (2,), (3,)]))
    .where(column("n") == any_(bindparam("wanted", type_=ARRAY(BigInteger))))
    .order_by(column("n"))
)


async def test_values_arrive_and_return_as_their_types(connection: AsyncConnection) -> None:
    holder = uuid.UUID(int=5)

    row = await ECHO.one(connection, holder=holder, facts={"tier": "gold"})

    assert row == (holder, {"tier": "gold"}, datetime(1970, 1, 1, tzinfo=UTC), 7)


async def test_a_list_is_given_as_an_array(connection: AsyncConnection) -> None:
    assert await NUMBERS.all(connection, wanted=[1, 3]) == [(1,), (3,)]
    assert await NUMBERS.first(connection, wanted=[]) is None
    with pytest.raises(LookupError):
        await NUMBERS.one(connection, wanted=[9])


async def test_a_list_that_would_be_expanded_is_refused(connection: AsyncConnection) -> None:
    expanded = hot(select(literal(1).in_(bindparam("wanted", expanding=True))))

    with pytest.raises(TypeError, match="wanted"):
        await expanded.all(connection, wanted=[1])


async def test_a_parameter_that_the_statement_does_not_have_is_refused(
    connection: AsyncConnection,
) -> None:
    with pytest.raises(TypeError, match="wanted"):
        await NUMBERS.all(connection, unwanted=[1])


async def test_constants_stand_in_the_text_and_only_what_is_handed_in_travels(
    connection: AsyncConnection,
) -> None:
    words = ["it's", "100 %", "$1 :x", "50\\50", "\x1f", ""]
    said = hot(
        select(
            *(literal(word) for word in words),
            literal(7, BigInteger),
            literal(-1),
            literal(None, BigInteger),
            bindparam("given", type_=BigInteger),
        )
    )

    row = await said.one(connection, given=3)

    assert row == (*words, 7, -1, None, 3)
    assert [name for name in said._compiled.names if "param" not in name] == ["given"]
    assert len(said._compiled.names) == 3  # given, NULL, and the word with a backslash


async def test_it_runs_inside_the_same_transaction(database: Database) -> None:
    async def both(connection: AsyncConnection) -> tuple[int, int]:
        ours = select(func.txid_current())
        core = (await connection.execute(ours)).scalar_one()
        (raw,) = await hot(ours).one(connection)
        return core, raw

    core, raw = await database.write(both)

    assert core == raw


async def test_what_the_driver_writes_is_rolled_back_with_the_rest(database: Database) -> None:
    async def write_and_refuse(connection: AsyncConnection) -> None:
        await driver(connection).execute("CREATE TEMPORARY TABLE gone AS SELECT 1")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(write_and_refuse)

    async with database.read() as connection:
        found = await connection.execute(text("SELECT to_regclass('pg_temp.gone')"))
        assert found.scalar_one() is None


async def test_what_is_planned_outlives_a_refusal_but_no_statement_that_failed(
    clone: Clone,
) -> None:
    one = Database.at(clone.application, pool_size=1)

    async def refused(connection: AsyncConnection, *, failing: bool) -> None:
        assert await NUMBERS.all(connection, wanted=[1]) == [(1,)]
        if failing:
            await connection.execute(text("SELECT 1 / 0"))
        raise LookupError

    async def planned(connection: AsyncConnection) -> int:
        found = await connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))
        return int(found.scalar_one())

    with pytest.raises(LookupError):
        await one.write(refused, failing=False)
    kept = await one.write(planned)
    with pytest.raises(DBAPIError):
        await one.write(refused, failing=True)
    dropped = await one.write(planned)
    await one.dispose()

    assert (kept, dropped) == (1, 0)
