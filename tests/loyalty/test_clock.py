"""The one clock: the database's, and never backwards."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import text

from loyalty.clock import Clock, ClockMayNotFollow, ClockNotMeasured
from loyalty.database import Database
from loyalty.loopback import is_loopback


async def measured(database: Database, clock: Clock) -> Clock:
    async with database.read() as connection:
        await clock.measure(connection)
    return clock


async def test_it_tells_the_database_time(database: Database) -> None:
    clock = Clock()

    async with database.read() as connection:
        slack = (await clock.measure(connection)).round_trip
        before = clock.now()
        read = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        after = clock.now()

    assert before - slack < read < after + slack
    assert before.tzinfo is UTC


async def test_a_jump_of_this_machine_is_not_seen_but_measured(database: Database) -> None:
    clock = await measured(database, Clock())
    true = clock.now()

    with time_machine.travel(true + timedelta(days=1), tick=True):
        assert datetime.now(UTC) - true > timedelta(hours=23)  # noqa: TID251 (the skewed wall clock)
        async with database.read() as connection:
            measurement = await Clock().measure(connection)

    assert measurement.ahead < timedelta(hours=-23)


async def test_it_never_runs_backwards(database: Database) -> None:
    clock = await measured(database, Clock())
    told = []
    for _ in range(50):
        told.append(clock.now())
        await measured(database, clock)

    assert told == sorted(told)


def test_before_it_was_measured_it_tells_nothing() -> None:
    with pytest.raises(ClockNotMeasured):
        Clock().now()


async def test_it_follows_a_test_clock_beside_the_double_only(database: Database) -> None:
    beside = await measured(database, Clock(may_follow=True))
    before = beside.now()
    beside.follow(timedelta(days=40))
    assert beside.now() - before >= timedelta(days=40)

    with pytest.raises(ClockMayNotFollow):
        Clock().follow(timedelta(days=40))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, False),
        ("http://127.0.0.1:12111", True),
        ("http://[::1]:12111", True),
        ("http://localhost:1", True),
        ("https://api.stripe.com", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_loopback(url: str | None, *, expected: bool) -> None:
    assert is_loopback(url) is expected
