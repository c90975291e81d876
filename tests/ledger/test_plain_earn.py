"""The short way to write an earn writes what the general way writes, and knows when not to."""

from collections import Counter
from datetime import timedelta
from random import Random

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import ledger
from ledger.encoding import as_json
from loyalty.ids import new_id
from tests.ledger.beside import ROWS
from tests.ledger.building import Books, day
from tests.support.database import Clone
from tests.support.requirements import sample

NOW = 100
_ITEM = "jsonb_populate_record(NULL::ledger.item, CAST(:items AS jsonb) -> 0)"
AT_ONCE = "SELECT * FROM ledger.post(CAST(:items AS jsonb), :at)"
BY_ITSELF = "SELECT * FROM ledger.post_one(CAST(:items AS jsonb) -> 0, :at)"
IN_GENERAL = f"SELECT * FROM ledger.post_item({_ITEM}, :at, :at)"
IS_PLAIN = f"SELECT ledger.earn_plainly({_ITEM}, :at)"


async def live(random: Random, books: Books) -> None:
    """Leave a wallet as life may leave it: never opened, with lots, due or not, or in debt."""
    for number in range(random.randint(0, 3)):
        ends = random.choice([None, NOW - 1, NOW + 50])
        await books.earn(f"earn {number}", random.randint(1, 50), number, expires=ends)
    if random.random() < 0.2:
        await books.spend("spend", random.randint(1, 200), 5, overdraw=True)


def earn(random: Random, books: Books) -> ledger.Earn:
    """Any earn that a caller may ask for."""
    at = day(random.choice([NOW, NOW, NOW - 3, NOW - 60]))
    waits = random.choice([None, None, None, 7, 14])
    lives = random.choice([None, 20, 90, 180])
    return ledger.Earn(
        holder=books.holder,
        key=random.choice(["new", "new", "new", "earn 1"]),
        journal=new_id(),
        lot=new_id(),
        amount=random.choice([1, 7, 10**12]),
        effective_at=at,
        actor="key:1",
        request_id="row",
        source=random.choice(["order", "bonus"]),
        lot_class=random.choice(list(ledger.LotClass)),
        pending=waits is None and random.random() < 0.2,
        activates_at=at + timedelta(days=waits) if waits else None,
        expires_at=at + timedelta(days=lives) if lives else None,
        allocated=random.randint(0, 9),
        notice=random.random() < 0.1,
        schedule=random.choice([None, None, None, "rolling"]),
        reason=random.choice(["", "campaign"]),
        labels=random.choice([{}, {"tier": "gold", "channel": "web"}]),
    )


async def rows_of(connection: AsyncConnection) -> list[str]:
    """A digest of every table."""
    return list((await connection.scalars(text(ROWS))).all())


async def undone(
    connection: AsyncConnection, statement: str, items: str
) -> tuple[tuple[object, ...], list[str]]:
    """What a statement answers and what it leaves in every table, before it is undone."""
    savepoint = await connection.begin_nested()
    answer = (await connection.execute(text(statement), {"items": items, "at": day(NOW)})).one()
    rows = await rows_of(connection)
    await savepoint.rollback()
    return tuple(answer), rows


async def test_both_ways_write_the_same_rows_and_give_the_same_answer(clone: Clone) -> None:
    engine = create_async_engine(clone.owner, poolclass=NullPool)
    plain: Counter[object] = Counter()
    async with engine.connect() as connection:
        for seed in range(sample(quick=120, full=3_000)):
            random = Random(seed)
            transaction = await connection.begin()
            books = Books(connection)
            await live(random, books)
            before = await rows_of(connection)
            items = as_json([earn(random, books)])

            (short,), rows = await undone(connection, IS_PLAIN, items)
            answer, posted = await undone(connection, AT_ONCE, items)
            by_itself, alone = await undone(connection, BY_ITSELF, items)
            in_general, written = await undone(connection, IN_GENERAL, items)

            assert answer == by_itself == in_general, seed
            assert not short or alone == posted, seed
            assert rows == (posted if short else before), seed
            assert not short or rows == written, seed  # what time makes due draws ids of its own
            plain[short] += 1
            await transaction.rollback()
    await engine.dispose()

    assert plain[True] > 20
    assert plain[False] > 20
