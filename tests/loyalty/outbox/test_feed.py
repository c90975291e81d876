"""The feed: every event once, in an order that holds, whatever commits when."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty import migrations
from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.doctor import examine_feed
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.members import Joining, join
from loyalty.outbox import (
    BEGINNING,
    FeedCursorLost,
    FeedCursorMalformed,
    Place,
    Told,
    cursor_of,
    find_place,
    read_feed,
)
from loyalty.postgres import APPLICATION
from tests.support.database import Clone
from tests.support.proofs import Proof
from tests.support.requirements import sample

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAUSE = Cause(AT, SYSTEM, "test")
LOCK = text("SELECT FROM loyalty.member WHERE id = :id FOR NO KEY UPDATE")
PATIENCE = 120.0
NEXT_ERA = """
    CREATE OR REPLACE FUNCTION loyalty.feed_era() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 2
"""


async def tell(connection: AsyncConnection, member: UUID, *, historic: bool = False) -> UUID:
    """Write one event of a member under the member's lock, as every use case does."""
    await connection.execute(LOCK, {"id": member})
    told = Event(
        new_id(), member, "member.closed", AT, {"reason": "asked-to-leave"}, historic=historic
    )
    await record_event(connection, CAUSE, told)
    return told.id


async def members(database: Database, count: int) -> list[UUID]:
    return [(await database.write(join, CAUSE, Joining())).id for _ in range(count)]


async def everything(database: Database, after: Place = BEGINNING, *, limit: int = 7) -> list[Told]:
    """Read page after page until nothing more is settled."""
    found: list[Told] = []
    while True:
        async with database.read() as connection:
            feed = await read_feed(connection, after=after, limit=limit)
        found += feed.events
        if not feed.more:
            return found
        after = found[-1].place


async def settled(database: Database, count: int, after: Place = BEGINNING) -> list[Told]:
    """Wait for so many events: other tests' transactions on this server hold the feed back."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await everything(database, after)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


class Held:
    """A transaction that stays open until it is told to commit."""

    def __init__(self) -> None:
        self.may_commit = asyncio.Event()
        self.has_written = asyncio.Event()


@asynccontextmanager
async def held(
    database: Database, work: Callable[[AsyncConnection], Awaitable[object]]
) -> AsyncIterator[Held]:
    one = Held()

    async def run(connection: AsyncConnection) -> None:
        await work(connection)
        one.has_written.set()
        await one.may_commit.wait()

    task = asyncio.create_task(database.write(run))
    await one.has_written.wait()
    yield one
    one.may_commit.set()
    await task


async def test_an_event_behind_a_running_transaction_waits_for_it(database: Database) -> None:
    slow, quick = await members(database, 2)
    joined = await settled(database, 2)

    async with held(database, lambda connection: tell(connection, slow)):
        told = await database.write(tell, quick)
        before = await everything(database, joined[-1].place)
    after = await settled(database, 2, joined[-1].place)

    assert before == []
    assert [each.member for each in after] == [slow, quick]
    assert after[1].id == told


async def test_a_later_number_of_an_earlier_transaction_is_not_skipped(database: Database) -> None:
    """The numbers run one way and the transactions the other: neither order alone is safe."""
    one, two = await members(database, 2)
    joined = await settled(database, 2)
    touched = text("SELECT pg_current_xact_id()")

    first, second = asyncio.Event(), asyncio.Event()

    async def older_but_numbered_last(connection: AsyncConnection) -> None:
        await connection.execute(touched)
        first.set()
        await second.wait()
        await tell(connection, one)

    async def younger_but_numbered_first(connection: AsyncConnection) -> None:
        await first.wait()
        await tell(connection, two)
        second.set()
        await older
        seen.extend(await everything(database, joined[-1].place))

    seen: list[Told] = []
    older = asyncio.create_task(database.write(older_but_numbered_last))
    await database.write(younger_but_numbered_first)
    rest = await settled(database, 2 - len(seen), seen[-1].place if seen else joined[-1].place)

    assert sorted(each.member for each in [*seen, *rest]) == sorted([one, two])


async def test_a_member_s_events_keep_their_order_when_an_older_transaction_comes_last(
    database: Database,
) -> None:
    whose, other = await members(database, 2)
    joined = await settled(database, 2)
    older_may_tell, older_has_begun = asyncio.Event(), asyncio.Event()

    async def older(connection: AsyncConnection) -> None:
        await connection.execute(LOCK, {"id": other})
        older_has_begun.set()
        await older_may_tell.wait()
        await tell(connection, whose)

    task = asyncio.create_task(database.write(older))
    await older_has_begun.wait()
    await database.write(tell, whose)
    older_may_tell.set()
    await task
    found = await settled(database, 2, joined[-1].place)

    assert [each.sequence for each in found] == [2, 3]


class RolledBackError(Exception):
    """A writer changed its mind."""


async def write_slowly(
    connection: AsyncConnection, members: list[UUID], wait: float, *, fails: bool
) -> list[UUID]:
    """Write an event for each member with pauses between them, and perhaps roll it all back."""
    await connection.execute(text("SELECT pg_current_xact_id()"))
    told = []
    for member in sorted(members):
        told.append(await tell(connection, member))
        await asyncio.sleep(wait)
    if fails:
        raise RolledBackError
    return told


async def write_much(database: Database, whose: list[UUID], times: int, seed: int) -> list[UUID]:
    """Write again and again in transactions of every speed; what was committed is handed back."""
    chance = random.Random(seed)
    committed = []
    for _ in range(times):
        batch = chance.sample(whose, k=chance.choice([1, 1, 1, 2, 3]))
        wait, fails = chance.choice([0, 0, 0.002, 0.02]), chance.random() < 0.1
        with suppress(RolledBackError):
            committed += await database.write(write_slowly, batch, wait, fails=fails)
    return committed


async def follow(database: Database, is_all: Callable[[list[Told]], bool]) -> list[Told]:
    """Read on from the last event seen, and never look back."""
    seen: list[Told] = []
    while not is_all(seen):
        seen += await everything(database, seen[-1].place if seen else BEGINNING, limit=5)
        await asyncio.sleep(0.005)
    return seen


async def test_nothing_is_skipped_or_reordered_by_slow_transactions(
    database: Database, proof: Proof
) -> None:
    times = sample(quick=15, full=300)
    whose = await members(database, 6)
    written: list[UUID] = []
    done = asyncio.Event()
    reader = asyncio.create_task(
        follow(database, lambda seen: done.is_set() and len(seen) >= len(written) + len(whose))
    )

    async with asyncio.timeout(PATIENCE * 10):
        for each in await asyncio.gather(
            *(write_much(database, whose, times, seed) for seed in range(10))
        ):
            written += each
        done.set()
        seen = await reader

    told = [each.id for each in seen if each.type == "member.closed"]
    assert sorted(told) == sorted(written)
    sequences: dict[UUID, list[int]] = defaultdict(list)
    for one in seen:
        sequences[one.member].append(one.sequence)
    for found in sequences.values():
        assert found == list(range(1, len(found) + 1))
    assert await everything(database, limit=1_000) == seen
    proof("events followed while slow transactions wrote, none skipped or reordered", len(seen))


async def test_a_cursor_goes_on_where_it_stood_and_one_of_a_lost_event_is_refused(
    database: Database, owner_connection: AsyncConnection
) -> None:
    await members(database, 3)
    first, second, third = await settled(database, 3)

    async with database.read() as connection:
        place = await find_place(connection, cursor_of(first))
        assert [each.id for each in await everything(database, place)] == [second.id, third.id]
        await owner_connection.execute(
            text("DELETE FROM loyalty.event WHERE id = :id"), {"id": third.id}
        )
        with pytest.raises(FeedCursorLost):
            await find_place(connection, cursor_of(third))
        for wrong in ("x", "MS4yLjM", "MS4yLjMu", "é", "LTEuMi4zLjA", "9" * 200):
            with pytest.raises(FeedCursorMalformed):
                await find_place(connection, wrong)


async def test_in_another_cluster_the_feed_goes_on_behind_what_was_restored(
    database: Database, owner_connection: AsyncConnection
) -> None:
    """A restored database counts its transactions from the beginning; nothing is overtaken."""
    whose, other = await members(database, 2)
    joined = await settled(database, 2)
    for statement in (
        "UPDATE loyalty.event SET feed_xid = (feed_xid::text::bigint + 1000000000)::text::xid8",
        "INSERT INTO loyalty.feed_cluster (era, cluster) VALUES (2, 42)",
        NEXT_ERA,
    ):
        await owner_connection.execute(text(statement))

    told = [await database.write(tell, one) for one in (whose, other, whose)]
    found = await settled(database, 5)

    assert [each.id for each in found] == [*(each.id for each in joined), *told]
    assert [each.place.era for each in found] == [1, 1, 2, 2, 2]


async def test_a_database_restored_by_other_means_is_found_and_an_upgrade_begins_its_era(
    database: Database, owner_connection: AsyncConnection, clone: Clone
) -> None:
    await owner_connection.execute(text("UPDATE loyalty.feed_cluster SET cluster = 42"))
    async with database.read() as connection:
        (found,) = await examine_feed(connection)
        migrations.upgrade(clone.owner, application=APPLICATION)
        after = await examine_feed(connection)

    assert (found.name, found.severity) == ("cluster", "wrong")
    assert after == []
    (whose,) = await members(database, 1)
    (joined,) = await settled(database, 1)
    assert (joined.member, joined.place.era) == (whose, 2)


async def test_events_from_before_the_feed_come_first_in_their_old_order(
    database: Database, owner_connection: AsyncConnection
) -> None:
    await members(database, 3)
    joined = await settled(database, 3)
    await owner_connection.execute(
        text("UPDATE loyalty.event SET feed_era = NULL, feed_xid = NULL")
    )

    found = await settled(database, 3)

    assert [each.id for each in found] == [each.id for each in joined]
    assert {each.place.era for each in found} == {0}
    async with database.read() as connection:
        assert await find_place(connection, cursor_of(found[1])) == found[1].place
