"""The programme's side: it balances, at every instant, and a hand in a wallet shows."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import ledger
from ledger import Account
from loyalty.database import Database
from tests.ledger.building import Books, day
from tests.support.database import Clone
from tests.support.waiting import until


async def figures(connection: AsyncConnection, at: float) -> dict[str, int]:
    """Every account that is not zero, by its name."""
    balance = await ledger.trial_balance(connection, at=day(at))
    assert balance.difference == 0
    lines = balance.member_side + balance.programme_side
    return {line.account.value: line.balance for line in lines if line.balance}


async def a_year(books: Books) -> None:
    """An earn, a spend with a return, an expiry, a debt."""
    await books.earn("a", 100, at=0, expires=10)
    await books.spend("s", 30, at=1)
    await books.restore("r", "s", 5, at=2)
    await books.earn("b", 40, at=12, activates=20)
    await books.claw_back("c", "a", 20, "debt", at=13)


async def roll_up(database: Database, journals: int) -> None:
    """Roll up until so many journals are in; other databases' transactions hold it up, too."""
    left = journals

    async def are_in() -> bool:
        nonlocal left
        left -= await database.write(ledger.roll_up)
        return left == 0

    await until(are_in)


async def test_the_trial_balance_sums_to_zero_at_every_instant(books: Books) -> None:
    await a_year(books)

    assert await figures(books.connection, 0) == {"available": 100, "issued": -100}
    assert await figures(books.connection, 1) == {"available": 70, "issued": -100, "redeemed": 30}
    assert await figures(books.connection, 10) == {
        "issued": -100,
        "redeemed": 30,
        "restored": -5,
        "expired": 75,
    }
    assert await figures(books.connection, 12) == {
        "pending": 40,
        "issued": -140,
        "redeemed": 30,
        "restored": -5,
        "expired": 75,
    }


async def test_rolling_up_moves_no_figure(database: Database) -> None:
    async def live(connection: AsyncConnection) -> None:
        await a_year(Books(connection))

    await database.write(live)
    async with database.snapshot() as connection:
        before = [await ledger.trial_balance(connection, at=day(at)) for at in range(25)]

    await roll_up(database, 6)
    assert await database.write(ledger.roll_up) == 0

    async with database.snapshot() as connection:
        after = [await ledger.trial_balance(connection, at=day(at)) for at in range(25)]
        assert after == before
        assert list(await ledger.verify(connection)) == []


@pytest.mark.parametrize("limit", [2, 7])
async def test_a_rollup_goes_on_in_bounded_steps_of_whole_transactions(
    database: Database, limit: int
) -> None:
    async def live(connection: AsyncConnection) -> None:
        await a_year(Books(connection))

    for _ in range(3):
        await database.write(live)
    steps: list[int] = []

    async def are_in() -> bool:
        steps.append(await database.write(ledger.roll_up, limit=limit))
        return sum(steps) == 18

    await until(are_in)

    assert [step for step in steps if step] == [6, 6, 6]
    async with database.snapshot() as connection:
        assert list(await ledger.verify(connection)) == []


async def test_what_time_has_taken_counts_before_anybody_posts_it(books: Books) -> None:
    await books.earn("a", 100, expires=10)
    before = await ledger.trial_balance(books.connection, at=day(11))

    await books.settle(11)

    assert await ledger.trial_balance(books.connection, at=day(11)) == before


async def test_a_rollup_waits_for_transactions_in_flight(database: Database, clone: Clone) -> None:
    async def live(connection: AsyncConnection) -> None:
        await Books(connection).earn("done", 5)

    engine = create_async_engine(clone.application, poolclass=NullPool)
    async with engine.connect() as slow:
        await Books(slow).earn("in flight", 7)
        await database.write(live)

        assert await database.write(ledger.roll_up) == 0
        await slow.commit()
    await engine.dispose()

    await roll_up(database, 2)
    async with database.snapshot() as connection:
        balance = await ledger.trial_balance(connection, at=day(1))
        assert balance.difference == 0
        assert list(await ledger.verify(connection)) == []


async def test_a_wallet_edited_by_hand_no_longer_balances(
    database: Database, owner_connection: AsyncConnection
) -> None:
    async def live(connection: AsyncConnection) -> None:
        await Books(connection).earn("a", 5)

    await database.write(live)
    await owner_connection.execute(text("UPDATE ledger.wallet SET available = available + 1"))

    async with database.snapshot() as connection:
        balance = await ledger.trial_balance(connection, at=day(1))
        findings = await ledger.verify(connection)

    assert balance.difference == 1
    assert findings[0].row.startswith("wallet ")


async def test_a_statement_runs_from_the_latest_to_the_first(books: Books) -> None:
    await a_year(books)

    movements = await ledger.transactions(books.connection, books.holder, limit=3)
    older = await ledger.transactions(
        books.connection, books.holder, before=movements[-1].sequence, limit=10
    )

    lines = [(m.kind.value, m.change, m.balance, m.available) for m in (*movements, *older)]
    assert lines == [
        ("claw-back", -20, 20, 0),
        ("earn", 40, 40, 0),
        ("expire", -75, 0, 0),
        ("restore", 5, 75, 75),
        ("spend", -30, 70, 70),
        ("earn", 100, 100, 100),
    ]


async def test_a_figure_opens_into_its_journals_and_these_into_transfers(books: Books) -> None:
    await a_year(books)

    entries = await ledger.account_entries(books.connection, Account.ISSUED, limit=1)
    (latest,) = [entry for entry in entries if entry.holder == books.holder]
    assert (latest.key, latest.debit, latest.credit) == ("b", 40, 0)
    (earlier,) = await ledger.account_entries(
        books.connection,
        Account.ISSUED,
        before=(latest.effective_at, latest.journal),
        since=day(0),
    )
    assert earlier.key == "a"

    opened = await ledger.find_journal(books.connection, earlier.journal)
    assert opened is not None
    assert [(leg.debit, leg.credit, leg.amount) for leg in opened.transfers] == [
        (Account.ISSUED, Account.AVAILABLE, 100)
    ]
    assert opened.canonical.startswith('["ledger/1"')


async def test_months_are_summed_by_account(books: Books) -> None:
    await books.earn("a", 100)
    await books.earn("b", 20, at=31)
    await books.spend("s", 30, at=32)

    months = await ledger.monthly_totals(
        books.connection,
        accounts=[Account.ISSUED, Account.REDEEMED],
        since=date(2026, 1, 1),
        until=date(2027, 1, 1),
    )

    assert [(m.month, m.account.value, m.debit, m.credit) for m in months] == [
        (date(2026, 1, 1), "issued", 100, 0),
        (date(2026, 2, 1), "issued", 20, 0),
        (date(2026, 2, 1), "redeemed", 0, 30),
    ]


async def test_what_expires_is_listed_with_exact_instants(books: Books) -> None:
    await books.earn("a", 100, expires=10)
    await books.earn("b", 20, expires=10)
    await books.earn("c", 7, expires=30)
    await books.spend("s", 15)

    soon = await ledger.expiring(books.connection, books.holder, at=day(1), until=day(10))

    assert [(line.expires_at, line.amount) for line in soon] == [(day(10), 105)]
