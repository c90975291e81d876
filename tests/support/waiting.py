"""Waiting for what must come, however busy the machine is: no test says how long that takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import Database

PATIENCE: Final = 120
"""Seconds after which what did not come is taken never to come."""

PAUSE: Final = 0.01
"""Seconds between two looks."""

BLOCKED: Final = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until something happened."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await happened():
                return
            await asyncio.sleep(PAUSE)


async def count_blocked(connection: AsyncConnection) -> int:
    """How many wait for a lock of the test's own database."""
    return int((await connection.execute(BLOCKED)).scalar_one())


async def until_blocked(database: Database, count: int = 1) -> None:
    """Wait until so many wait for a lock."""

    async def are_blocked() -> bool:
        async with database.read() as connection:
            return await count_blocked(connection) >= count

    await until(are_blocked)
