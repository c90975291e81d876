"""What reading and writing promise, also when the database goes away."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import LONG, Database, Patience, constraint, sqlstate
from loyalty.errors import OutcomeUnknown, Unavailable
from loyalty.hot import driver
from loyalty.postgres import APPLICATION, OWNER, Server
from tests.support.database import Clone
from tests.support.homes import swept_home
from tests.support.waiting import PATIENCE

TABLE = """
CREATE TABLE public.thing (
    name text CONSTRAINT thing_named_once PRIMARY KEY,
    amount integer NOT NULL CONSTRAINT thing_amount_positive CHECK (amount > 0)
)
"""


@pytest.fixture
async def things(database: Database, owner_connection: AsyncConnection) -> Database:
    """A database with a table to write to."""
    await owner_connection.execute(text(TABLE))
    await owner_connection.execute(text(f"GRANT ALL ON public.thing TO {APPLICATION}"))
    return database


async def put(connection: AsyncConnection, name: str, amount: int = 1) -> str:
    values = {"name": name, "amount": amount}
    await connection.execute(text("INSERT INTO thing VALUES (:name, :amount)"), values)
    return name


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(text("SELECT name FROM thing ORDER BY 1"))).scalars())


async def test_a_connection_of_tests_is_the_application_role(connection: AsyncConnection) -> None:
    assert (await connection.execute(text("SELECT current_user"))).scalar_one() == APPLICATION


async def test_every_statement_read_stands_for_itself(database: Database) -> None:
    async with database.read() as connection:
        first = (await connection.execute(text("SELECT now()"))).scalar_one()
        second = (await connection.execute(text("SELECT now()"))).scalar_one()

    assert first < second


async def test_a_snapshot_sees_one_instant_and_may_not_write(things: Database) -> None:
    async with things.snapshot() as connection:
        count = text("SELECT count(*) FROM thing")
        before = (await connection.execute(count)).scalar_one()
        await things.write(put, "written meanwhile")
        after = (await connection.execute(count)).scalar_one()
        with pytest.raises(DBAPIError, match="read-only"):
            await put(connection, "not to be")

    assert (before, after) == (0, 0)
    assert await names(things) == ["written meanwhile"]


async def test_what_is_written_is_committed_and_answered(things: Database) -> None:
    assert await things.write(put, "kept") == "kept"
    assert await names(things) == ["kept"]


async def test_a_refused_use_case_leaves_nothing_behind(things: Database) -> None:
    async def put_and_refuse(connection: AsyncConnection) -> None:
        await put(connection, "half done")
        raise LookupError

    with pytest.raises(LookupError):
        await things.write(put_and_refuse)

    assert await names(things) == []


async def test_a_broken_constraint_is_named_and_not_retried(things: Database) -> None:
    runs = 0

    async def put_nothing(connection: AsyncConnection) -> None:
        nonlocal runs
        runs += 1
        await put(connection, "nothing", amount=0)

    with pytest.raises(IntegrityError) as refusal:
        await things.write(put_nothing)

    assert constraint(refusal.value) == "thing_amount_positive"
    assert sqlstate(refusal.value) == "23514"
    assert runs == 1


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_a_conflict_is_tried_again_from_the_start(things: Database, code: str) -> None:
    runs = 0

    async def conflict_twice(connection: AsyncConnection) -> None:
        nonlocal runs
        runs += 1
        await put(connection, f"run {runs}")
        if runs < 3:
            await raise_in_database(connection, code)

    await things.write(conflict_twice)

    assert runs == 3
    assert await names(things) == ["run 3"]


async def test_a_conflict_without_end_is_unavailable_after_five_runs(things: Database) -> None:
    runs = 0

    async def always_conflict(connection: AsyncConnection) -> None:
        nonlocal runs
        runs += 1
        await raise_in_database(connection, "40001")

    with pytest.raises(Unavailable) as refusal:
        await things.write(always_conflict)

    assert runs == 5
    assert refusal.value.retry_after == 1


async def test_crossed_transfers_both_succeed(things: Database) -> None:
    await things.write(put, "left")
    await things.write(put, "right")
    both = asyncio.Barrier(2)
    first_run = {"left": True, "right": True}

    async def cross(connection: AsyncConnection, first: str, second: str) -> None:
        add = text("UPDATE thing SET amount = amount + 1 WHERE name = :name")
        await connection.execute(add, {"name": first})
        if first_run[first]:
            first_run[first] = False
            await both.wait()
        await connection.execute(add, {"name": second})

    await asyncio.gather(things.write(cross, "left", "right"), things.write(cross, "right", "left"))

    async with things.read() as connection:
        amounts = (await connection.execute(text("SELECT amount FROM thing"))).scalars().all()
    assert amounts == [3, 3]


async def test_a_lock_that_does_not_come_is_unavailable_and_not_a_hang(
    things: Database, clone: Clone
) -> None:
    hasty = Database.at(
        clone.application,
        patience=Patience(statement=5_000, lock=100, idle_in_transaction=5_000, deadline=2_000),
    )
    await things.write(put, "wanted by two")

    async def hold_and_wait(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT FROM thing FOR UPDATE"))
        with pytest.raises(Unavailable):
            await hasty.write(take)

    async def take(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT FROM thing FOR UPDATE"))

    await things.write(hold_and_wait)
    await hasty.dispose()


async def test_a_caller_that_hangs_up_does_not_cancel_the_work(things: Database) -> None:
    begun = asyncio.Event()

    async def put_slowly(connection: AsyncConnection) -> None:
        begun.set()
        await connection.execute(text("SELECT pg_sleep(0.2)"))
        await put(connection, "kept")

    caller = asyncio.create_task(things.write(put_slowly))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await things.dispose()

    assert await names(things) == ["kept"]


async def test_a_broken_connection_before_commit_is_tried_again(things: Database) -> None:
    runs = 0

    async def lose_the_connection_once(connection: AsyncConnection) -> None:
        nonlocal runs
        runs += 1
        await put(connection, f"run {runs}")
        if runs == 1:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    await things.write(lose_the_connection_once)

    assert await names(things) == ["run 2"]


async def test_a_connection_lost_by_the_driver_is_tried_again_too(things: Database) -> None:
    runs = 0

    async def lose_the_connection_once(connection: AsyncConnection) -> None:
        nonlocal runs
        runs += 1
        await driver(connection).execute("INSERT INTO thing VALUES (%s, 1)", [f"run {runs}"])
        if runs == 1:
            await driver(connection).execute("SELECT pg_terminate_backend(pg_backend_pid())")

    await things.write(lose_the_connection_once)

    assert await names(things) == ["run 2"]


async def test_a_connection_broken_during_commit_is_an_unknown_outcome(
    things: Database, owner_connection: AsyncConnection
) -> None:
    await owner_connection.execute(
        text(
            "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
    )
    await owner_connection.execute(
        text(
            "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON public.thing"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.die()"
        )
    )

    with pytest.raises(OutcomeUnknown):
        await things.write(put, "perhaps")


async def raise_in_database(connection: AsyncConnection, code: str) -> None:
    await connection.execute(
        text(f"DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}'; END $$")
    )


@pytest.fixture
async def alone() -> AsyncIterator[Server]:
    """A server of the test's own, to be killed."""
    with swept_home() as home:
        server = Server(home, create=True, settings={"fsync": "off"}, report=print)
        await asyncio.to_thread(server.open)
        yield server
        await asyncio.to_thread(server.close)


async def test_the_pool_heals_when_the_server_was_killed(alone: Server) -> None:
    database = Database(lambda: alone.url(OWNER), pool_size=4, patience=LONG)
    await asyncio.gather(*(_ask(database) for _ in range(4)))
    _kill(alone)
    await asyncio.to_thread(alone.revive)

    answers = await asyncio.gather(*(_ask(database) for _ in range(8)))
    written = await database.write(_one)

    assert answers == [1] * 8
    assert written == 1
    await database.dispose()


async def _ask(database: Database) -> int:
    async with database.read() as connection:
        return await _one(connection)


async def _ask_until_refused(database: Database) -> None:
    """The killed server's own processes take a moment to notice."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await _ask(database)


async def _one(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT 1"))).scalar_one())


def _kill(server: Server) -> None:
    note = server.note()
    assert note is not None
    os.kill(note.pid, signal.SIGKILL)
    give_up_at = time.monotonic() + PATIENCE
    while server.is_running():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


async def test_reading_from_a_server_that_is_gone_is_unavailable(alone: Server) -> None:
    database = Database(lambda: alone.url(OWNER))
    assert await _ask(database) == 1
    _kill(alone)

    with pytest.raises(Unavailable):
        await _ask_until_refused(database)
    with pytest.raises(Unavailable):
        await Database(
            lambda: alone.url(OWNER),
            patience=Patience(statement=100, lock=100, idle_in_transaction=100, deadline=300),
        ).write(_one)
    await database.dispose()


async def test_sessions_of_tests_are_in_utc(database: Database) -> None:
    async with database.read() as connection:
        read = (await connection.execute(text("SELECT timestamptz '2026-01-01 00:00Z'"))).scalar()

    assert read == datetime(2026, 1, 1, tzinfo=UTC)
    assert str(read) == "2026-01-01 00:00:00+00:00"


def test_psycopg_is_new_enough_to_keep_connections_on_cancellation() -> None:
    assert tuple(int(part) for part in psycopg.__version__.split(".")[:2]) >= (3, 3)
