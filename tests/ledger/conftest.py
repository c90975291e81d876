"""Fixtures of the ledger's tests: one holder's books, proved after each test."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from tests.ledger.building import Books


@pytest.fixture
async def books(connection: AsyncConnection) -> AsyncIterator[Books]:
    """A holder's books; whatever a test posts, everything must hold afterwards."""
    books = Books(connection)
    yield books
    assert list(await ledger.verify(connection)) == []
