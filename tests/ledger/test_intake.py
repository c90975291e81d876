"""A batch posted set by set equals the same events posted one by one, each at its instant."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.ids import new_id
from tests.ledger.building import START, day

NOW = 400
POLICIES = list(ledger.Shortfall)

COMPARED = {
    "wallet": "asset, available, pending, held, debt, version, next_due, frozen",
    "journal": "asset, sequence, kind, key, effective_at, available_after, balance_after, reason,"
    " labels",
    "lot": "asset, source, class, granted, remaining, clawed_back, allocated, pending, open,"
    " earned_at, activates_at, expires_at, notice, notified_at, ends_at, schedule",
    "receipt": 'key, kind, asset, amount, "of", terms',
    "slice": "position, amount, undone",
    "hold": "asset, amount, captured, released, until, open, timed_out",
}
TRANSFERS = """
    SELECT j.asset, j.sequence, t.position, t.debit, t.credit, t.amount, l.earned_at, l.granted
    FROM ledger.transfer AS t
    JOIN ledger.journal AS j ON j.holder = t.holder AND j.id = t.journal
    LEFT JOIN ledger.lot AS l ON l.holder = t.holder AND l.id = t.lot
    WHERE t.holder = :holder ORDER BY 1, 2, 3
"""


def life(random: Random, holder: UUID, *, spends: bool) -> list[ledger.Posting]:
    """One holder's history: earns, returns of some, and for some holders spending too."""
    said: dict[str, Any] = {"holder": holder, "actor": "import:1", "request_id": "row"}
    items: list[ledger.Posting] = []
    for number in range(random.randint(1, 12)):
        at = START + timedelta(days=random.randint(0, NOW - 1), hours=random.randint(0, 3))
        amount = random.randint(1, 50)
        waits = random.choice([None, None, 7, 14])
        lives = random.choice([None, 20, 90, 180])
        items.append(
            ledger.Earn(
                **said,
                key=f"earn {number}",
                journal=new_id(),
                lot=new_id(),
                amount=amount,
                effective_at=at,
                source=random.choice(["order", "bonus"]),
                lot_class=random.choice(list(ledger.LotClass)),
                pending=waits is None and random.random() < 0.1,
                activates_at=at + timedelta(days=waits) if waits else None,
                expires_at=at + timedelta(days=lives) if lives else None,
                allocated=random.randint(0, 9),
                notice=random.random() < 0.3,
                schedule=random.choice([None, "rolling"]),
                labels={"tier": random.choice(["gold", "silver"])},
            )
        )
        items += [
            ledger.ClawBack(
                **said,
                key=f"return {number} {part}",
                journal=new_id(),
                of=f"earn {number}",
                amount=random.randint(1, amount + (1 if random.random() < 0.05 else 0)),
                effective_at=at + timedelta(days=random.choice([0, 3, 7, 20, 100])),
                shortfall=random.choice(POLICIES),
            )
            for part in range(random.choice([0, 0, 1, 2]))
        ]
        if spends and random.random() < 0.5:
            items.append(
                ledger.Spend(
                    **said,
                    key=f"spend {number}",
                    journal=new_id(),
                    amount=random.randint(1, 40),
                    effective_at=at + timedelta(days=random.randint(0, 60)),
                )
            )
    limit = day(NOW)
    return [item for item in items if item.effective_at <= limit]


async def books_of(connection: AsyncConnection, holder: UUID) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that stands about a holder, without generated ids and recorded instants."""
    books = {}
    for table, columns in COMPARED.items():
        rows = await connection.execute(
            text(f"SELECT {columns} FROM ledger.{table} WHERE holder = :holder ORDER BY {columns}"),
            {"holder": holder},
        )
        books[table] = [tuple(row) for row in rows]
    rows = await connection.execute(text(TRANSFERS), {"holder": holder})
    books["transfer"] = [tuple(row) for row in rows]
    return books


async def post_one_by_one(
    connection: AsyncConnection, items: list[ledger.Posting]
) -> list[tuple[str, str]]:
    """Post a history as it happened; answers what was refused."""
    refused = []
    for item in sorted(items, key=lambda item: item.effective_at):
        (outcome,) = await ledger.post(connection, [item], at=item.effective_at)
        if not outcome.posted:
            refused.append((outcome.key, outcome.code))
    await ledger.settle(connection, [items[0].holder], at=day(NOW))
    return refused


@pytest.mark.parametrize("seed", range(6))
async def test_a_batch_equals_the_same_events_one_by_one(
    connection: AsyncConnection, seed: int
) -> None:
    random = Random(seed)
    expected, refusals, batch = [], [], []
    for number in range(12):
        state = random.getstate()
        holder = new_id()
        items = life(random, holder, spends=number % 4 == 0)
        if not items:
            continue
        refusals += await post_one_by_one(connection, items)
        expected.append(await books_of(connection, holder))
        random.setstate(state)
        batch.append(life(random, new_id(), spends=number % 4 == 0))
    name = new_id()

    staged = await ledger.stage(connection, name, [item for items in batch for item in items])
    refused = await ledger.post_intake(connection, name, at=day(NOW))

    assert staged == sum(len(items) for items in batch)
    assert sorted((o.key, o.code) for o in refused) == sorted(refusals)
    for items, wanted in zip(batch, expected, strict=True):
        seen = await books_of(connection, items[0].holder)
        for table, rows in wanted.items():
            assert seen[table] == rows, table
    assert (await connection.execute(text("SELECT count(*) FROM ledger.intake"))).scalar() == 0
    assert list(await ledger.verify(connection)) == []


async def test_a_second_batch_continues_a_wallet(connection: AsyncConnection) -> None:
    holder = new_id()
    said: dict[str, Any] = {"holder": holder, "actor": "import:1", "request_id": "row"}
    for number in (1, 2, 3):
        batch = new_id()
        earn = ledger.Earn(
            **said,
            key=f"earn {number}",
            journal=new_id(),
            lot=new_id(),
            amount=10 * number,
            effective_at=day(number),
            source="order",
        )
        await ledger.stage(connection, batch, [earn])
        assert await ledger.post_intake(connection, batch, at=day(NOW)) == []

    wallet = await ledger.wallet(connection, holder, at=day(NOW))

    assert (wallet.available, wallet.version) == (60, 3)
    assert list(await ledger.verify(connection)) == []


async def test_the_same_batch_again_changes_nothing(connection: AsyncConnection) -> None:
    random = Random(7)
    items = life(random, new_id(), spends=False)
    books, refused = [], []
    for _ in range(2):
        batch = new_id()
        await ledger.stage(connection, batch, items)
        refused.append(await ledger.post_intake(connection, batch, at=day(NOW)))
        books.append(await books_of(connection, items[0].holder))

    assert books[0] == books[1]
    assert {outcome.key for outcome in refused[0]} == {outcome.key for outcome in refused[1]}


async def test_notices_and_new_ends_are_posted_from_a_batch_too(
    connection: AsyncConnection,
) -> None:
    batch, holder, lot = new_id(), new_id(), new_id()
    said: dict[str, Any] = {"holder": holder, "actor": "import:1", "request_id": "row"}
    opening = ledger.Opening(
        **said, key="o", journal=new_id(), lot=lot, amount=10, effective_at=day(0),
        source="import", expires_at=day(100), notice=True, schedule="rolling",
    )  # fmt: skip
    told = ledger.Notify(**said, key="n", journal=new_id(), effective_at=day(80), lots=[lot])
    later = ledger.Reschedule(
        **said, key="r", journal=new_id(), effective_at=day(90), schedule="rolling",
        expires_at=day(115),
    )  # fmt: skip

    await ledger.stage(connection, batch, [opening, told, later])
    refused = await ledger.post_intake(connection, batch, at=day(NOW))

    assert refused == []
    movements = await ledger.transactions(connection, holder)
    assert [(one.kind.value, one.effective_at) for one in movements] == [
        ("expire", day(115)),
        ("reschedule", day(90)),
        ("notify", day(80)),
        ("open", day(0)),
    ]
    assert list(await ledger.verify(connection)) == []


async def test_text_travels_unchanged_through_the_intake(connection: AsyncConnection) -> None:
    key = 'a\\b\tc\nd "e" 会员 \\N'
    earn = ledger.Earn(
        holder=new_id(),
        key=key,
        journal=new_id(),
        effective_at=day(0),
        actor="import:1",
        request_id="row",
        labels={"tier": 'g\\o"ld\t'},
        amount=1,
        lot=new_id(),
        source="order",
    )
    batch = new_id()

    await ledger.stage(connection, batch, [earn])
    await ledger.post_intake(connection, batch, at=day(0))

    (movement,) = await ledger.transactions(connection, earn.holder)
    assert movement.key == key
    assert movement.labels == earn.labels
