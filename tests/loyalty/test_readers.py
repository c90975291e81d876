"""Connections for reading, which stay open between two uses: alive, whole, one after another."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import LONG, Database
from loyalty.errors import Unavailable
from loyalty.hot import driver
from tests.support.database import Clone
from tests.support.waiting import PATIENCE, until

ASLEEP = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event = 'PgSleep'"
)


async def _ask(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def _backend(database: Database) -> int:
    """Which of PostgreSQL's processes answers a reader, asked as hot statements ask."""
    async with database.read() as connection:
        row = await (await driver(connection).execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_connection_for_reading_stays_open_for_the_next(database: Database) -> None:
    first = await _backend(database)
    assert await _ask(database) == 1
    assert await _backend(database) == await _backend(database) == first


async def test_a_connection_that_ended_between_two_readers_is_replaced(database: Database) -> None:
    first = await _backend(database)

    async def end(connection: AsyncConnection) -> bool:
        told = text("SELECT pg_terminate_backend(:one, :milliseconds)")  # and waits until it ended
        ended = await connection.execute(told, {"one": first, "milliseconds": PATIENCE * 1_000})
        return bool(ended.scalar_one())

    assert await database.write(end)
    assert await _backend(database) != first


async def test_a_reader_for_whom_no_connection_becomes_free_is_told_so(clone: Clone) -> None:
    narrow = Database.at(clone.application, patience=replace(LONG, deadline=50), pool_size=1)
    async with narrow.read():
        with pytest.raises(Unavailable):
            await _ask(narrow)
    assert await _ask(narrow) == 1
    await narrow.dispose()


async def _sleep(database: Database) -> None:
    async with database.read() as connection:
        await driver(connection).execute("SELECT pg_sleep(280)")


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_reader_that_was_cancelled_leaves_the_next_one_a_whole_connection(
    clone: Clone, database: Database, cancellations: int
) -> None:
    narrow = Database.at(clone.application, patience=LONG, pool_size=1)

    async def is_asleep() -> bool:
        async with database.read() as connection:
            return bool((await connection.execute(ASLEEP)).scalar_one())

    sleeping = asyncio.create_task(_sleep(narrow))
    await until(is_asleep)
    async with asyncio.timeout(PATIENCE):
        for _ in range(cancellations):
            sleeping.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert await _ask(narrow) == 1
        assert await _backend(narrow) > 0
    await narrow.dispose()


async def test_a_reader_waits_for_the_one_before(clone: Clone) -> None:
    narrow = Database.at(clone.application, pool_size=1)
    async with narrow.read():
        waiting = asyncio.create_task(_ask(narrow))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting == 1
    await narrow.dispose()
