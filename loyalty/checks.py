"""Checks of what is stored: each is one statement that returns the rows that break it.

A statement is built once, when it is first asked, and then kept with all that is known of it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

Check = Select[*tuple[Any, ...]]
Checks = Mapping[str, Callable[[], Check]]
Broken = tuple[str, str]
"""The row that breaks a check, and what was seen in it."""


async def first_broken_by(connection: AsyncConnection, checks: Checks) -> dict[str, Broken]:
    """Return, by check, the first row that breaks it, and nothing of those that hold."""
    broken: dict[str, Broken] = {}
    for check, build in checks.items():
        row = (await connection.execute(_first_row_of(build))).first()
        if row is not None:
            broken[check] = (str(row[0]), str(row[1]))
    return broken


@cache
def _first_row_of(build: Callable[[], Check]) -> Check:
    return build().limit(1)
