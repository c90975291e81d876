"""Many connections at once on one wallet: nothing is spent, captured or given back twice."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import ledger
from loyalty.database import Database
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.support.database import Clone

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def in_one(database: Database, holder: UUID, verb: str, *said: Any, **more: Any) -> str:
    """One verb in a transaction of its own; answers the outcome code."""

    async def use_case(connection: Any) -> ledger.Outcome:
        outcome: ledger.Outcome = await getattr(Books(connection, holder), verb)(*said, **more)
        return outcome

    outcome = await database.write(use_case)
    return "replayed" if outcome.replayed else outcome.code


async def proved(database: Database, holder: UUID) -> tuple[int, int, int, int]:
    async with database.snapshot() as connection:
        assert list(await ledger.verify(connection)) == []
        return await Books(connection, holder).counters()


async def test_points_are_not_spent_twice(database: Database) -> None:
    holder = new_id()
    await in_one(database, holder, "earn", "a", 100)

    codes = await asyncio.gather(
        *(in_one(database, holder, "spend", f"s{n}", 30) for n in range(12))
    )

    assert Counter(codes) == {"posted": 3, "insufficient-points": 9}
    assert await proved(database, holder) == (10, 0, 0, 0)


async def test_one_key_is_posted_once(database: Database) -> None:
    holder = new_id()

    codes = await asyncio.gather(*(in_one(database, holder, "earn", "a", 100) for _ in range(8)))

    assert Counter(codes) == {"posted": 1, "replayed": 7}
    assert await proved(database, holder) == (100, 0, 0, 0)


async def test_a_till_that_had_to_wait_is_told_the_receipt_of_the_one_before(clone: Clone) -> None:
    engine = create_async_engine(clone.application)
    first, second, beside = [await engine.connect() for _ in range(3)]
    beside = await beside.execution_options(isolation_level="AUTOCOMMIT")
    holder = new_id()
    await Books(first, holder).earn("before", 10)
    await first.commit()

    posted = await Books(first, holder).earn("a", 100)
    late = asyncio.create_task(Books(second, holder).earn("a", 100))
    while not (late.done() or await beside.scalar(WAITING)):
        await asyncio.wait([late], timeout=0.01)
    await first.commit()
    again = await late

    assert (again.replayed, again.receipt) == (True, posted.receipt)
    assert await Books(second, holder).counters() == (110, 0, 0, 0)
    for connection in (first, second, beside):
        await connection.close()
    await engine.dispose()


async def test_a_hold_is_captured_or_released_but_not_both(database: Database) -> None:
    holder = new_id()
    await in_one(database, holder, "earn", "a", 100)
    await in_one(database, holder, "hold", "h", 60, until=1)

    codes = await asyncio.gather(
        *(in_one(database, holder, "capture", f"c{n}", "h", 60) for n in range(4)),
        *(in_one(database, holder, "release", f"r{n}", "h") for n in range(4)),
    )

    assert Counter(codes)["posted"] <= 1
    counters = await proved(database, holder)
    assert counters in {(40, 0, 0, 0), (100, 0, 0, 0)}


async def test_an_earn_is_clawed_back_once(database: Database) -> None:
    holder = new_id()
    await in_one(database, holder, "earn", "a", 100)

    codes = await asyncio.gather(
        *(in_one(database, holder, "claw_back", f"c{n}", "a", 60, "debt") for n in range(6))
    )

    assert Counter(codes) == {"posted": 1, "reversal-too-large": 5}
    assert await proved(database, holder) == (40, 0, 0, 0)


async def test_batches_over_the_same_holders_do_not_stand_in_each_others_way(
    database: Database,
) -> None:
    holders = [new_id() for _ in range(12)]

    async def batch(connection: Any, number: int) -> int:
        order = holders if number % 2 else holders[::-1]
        items = [
            ledger.Earn(
                **Books(connection, holder).said(f"k{number}", 0),
                amount=1,
                lot=new_id(),
                source="order",
            )
            for holder in order
        ]
        return sum(o.posted for o in await ledger.post(connection, items, at=day(0)))

    posted = await asyncio.gather(*(database.write(batch, number) for number in range(8)))

    assert posted == [12] * 8
    assert await proved(database, holders[0]) == (8, 0, 0, 0)


async def test_sweeps_side_by_side_settle_each_wallet_once(database: Database) -> None:
    holders = [new_id() for _ in range(20)]
    for holder in holders:
        await in_one(database, holder, "earn", "a", 5, expires=1)

    async def sweep(connection: Any) -> ledger.Swept:
        return await ledger.sweep(connection, at=day(2), limit=7)

    settled = sum(
        swept.wallets for swept in await asyncio.gather(*(database.write(sweep) for _ in range(4)))
    )
    while (more := (await database.write(sweep)).wallets) > 0:
        settled += more

    assert settled == 20
    assert await proved(database, holders[0]) == (0, 0, 0, 0)


async def test_moves_in_both_directions_lock_in_one_order(clone: Clone) -> None:
    """Without the repetitions that a deadlock would need."""
    engine = create_async_engine(clone.application, pool_size=8)
    holders = [new_id(), new_id()]

    async def there_and_back(number: int) -> None:
        here, there = holders if number % 2 else reversed(holders)
        for turn in range(10):
            async with engine.begin() as connection:
                await Books(connection, here).earn(f"earn {number} {turn}", 1)
            async with engine.begin() as connection:
                await Books(connection, here).move(f"move {number} {turn}", there)

    await asyncio.gather(*(there_and_back(number) for number in range(8)))

    async with engine.connect() as connection:
        totals = [await Books(connection, holder).counters() for holder in holders]
        assert sum(total[0] for total in totals) == 80
        assert list(await ledger.verify(connection)) == []
    await engine.dispose()


async def test_a_wallet_that_is_spent_from_while_it_moves_loses_nothing(
    database: Database,
) -> None:
    holder, survivor = new_id(), new_id()
    await in_one(database, holder, "earn", "a", 100)

    codes = await asyncio.gather(
        *(in_one(database, holder, "spend", f"s{n}", 30) for n in range(6)),
        *(in_one(database, holder, "move", f"m{n}", survivor) for n in range(3)),
    )

    spent = Counter(codes[:6])["posted"] * 30
    assert Counter(codes[6:])["posted"] == 1
    assert await proved(database, survivor) == (100 - spent, 0, 0, 0)
    assert await proved(database, holder) == (0, 0, 0, 0)
