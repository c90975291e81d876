"""Fixtures of the ledger's tests: one holder's books, proved after each test."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import ledger
from tests.ledger.building import Books
from tests.ledger.lives import a_life, a_merge
from tests.support.database import Clone


@pytest.fixture
async def books(connection: AsyncConnection) -> AsyncIterator[Books]:
    """A holder's books; whatever a test posts, everything must hold afterwards."""
    books = Books(connection)
    yield books
    assert list(await ledger.verify(connection)) == []


@pytest.fixture
async def owner(clone: Clone) -> AsyncIterator[AsyncConnection]:
    """The owner's hands in a transaction, over books that have lived and were rolled up."""
    engine = create_async_engine(clone.owner, poolclass=NullPool)
    async with engine.connect() as connection:
        for _ in range(2):
            books = Books(connection)
            await a_life(books)
            await a_merge(books)
        await connection.execute(
            text("UPDATE ledger.journal SET recorded_xid = '1' WHERE sequence <= 8")
        )
        await connection.execute(text("SELECT ledger.roll_up()"))
        yield connection
        await connection.rollback()
    await engine.dispose()
