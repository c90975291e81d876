"""A second asset lives by the same operations, with no schema of its own, and never mixes."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.ledger.lives import a_life, a_merge

TABLES = ("wallet", "journal", "transfer", "lot", "hold", "receipt")


@pytest.fixture
def growth(books: Books) -> Books:
    """The same holder's wallet of another asset."""
    return Books(books.connection, books.holder, "growth")


async def told(books: Books) -> list[tuple[str, int, int]]:
    """The statement, without ids."""
    movements = await ledger.transactions(
        books.connection, books.holder, asset=books.asset, limit=99
    )
    return [(one.kind.value, one.change, one.available_change) for one in movements]


async def test_every_operation_works_with_another_asset(connection: AsyncConnection) -> None:
    points, growth = Books(connection, new_id()), Books(connection, new_id(), "growth")

    for books in (points, growth):
        await a_life(books)
        await a_merge(books)

    assert await told(growth) == await told(points)
    kinds = {kind for kind, _, _ in await told(growth)}
    assert {kind.value for kind in ledger.Kind} - kinds == {"open"}
    for at in (0, 8, 42, 93, 400):
        assert await growth.counters(at) == await points.counters(at)
        for asset in ("points", "growth"):
            balance = await ledger.trial_balance(connection, at=day(at), asset=asset)
            assert balance.difference == 0
    for table in TABLES:
        found = await connection.execute(text(f"SELECT DISTINCT asset FROM ledger.{table}"))
        assert set(found.scalars()) == {"points", "growth"}, table
    assert list(await ledger.verify(connection)) == []


async def test_one_holders_assets_are_counted_apart(books: Books, growth: Books) -> None:
    await books.earn("a", 100, expires=10)
    await growth.earn("g", 7)
    await growth.spend("s", 9, overdraw=True)

    await books.settle(10)

    assert await books.counters(10) == (0, 0, 0, 0)
    assert await growth.counters(10) == (0, 0, 0, 2)
    assert await ledger.assets(books.connection, books.holder) == ["growth", "points"]


Refer = Callable[[Books], Awaitable[ledger.Outcome]]


@pytest.mark.parametrize(
    "refer",
    [
        lambda books: books.activate("k", "waiting"),
        lambda books: books.capture("k", "h", 1),
        lambda books: books.release("k", "h"),
        lambda books: books.extend("k", "h", None, at=0),
        lambda books: books.claw_back("k", "a", 1, "debt"),
        lambda books: books.restore("k", "s", 1),
    ],
    ids=["activate", "capture", "release", "extend", "claw back", "restore"],
)
async def test_what_stands_in_another_asset_is_refused_by_name(
    books: Books, growth: Books, refer: Refer
) -> None:
    await books.earn("a", 100)
    await books.earn("waiting", 100, pending=True)
    await books.hold("h", 10)
    await books.spend("s", 10)
    await growth.earn("g", 100)
    before = [await one.counters() for one in (books, growth)]

    refused = await refer(growth)

    assert (refused.code, refused.seen, refused.wanted) == ("wrong-asset", "points", "growth")
    with pytest.raises(ledger.WrongAsset, match="in points, not in growth"):
        ledger.demand(refused)
    assert [await one.counters() for one in (books, growth)] == before


async def test_a_key_stands_for_one_asset(books: Books, growth: Books) -> None:
    await books.earn("a", 100)

    refused = await growth.earn("a", 100)

    assert (refused.code, refused.field) == ("key-reused", "asset")
