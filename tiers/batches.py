"""Whose turn it is: standings that are due, in parts that are reviewed side by side.

No two parts have a member in common, so whoever reviews one waits for nobody. The one idea: ids
of a batch are one value that PostgreSQL wrote and reads again, and never become 20,000 objects.
"""

import math
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

from tiers.tables import standing


@dataclass(frozen=True, slots=True)
class Part:
    """Members by their ids, from one up to and without another; None is open."""

    first: UUID | None
    end: UUID | None


EVERYBODY: Final = Part(None, None)


@dataclass(frozen=True, slots=True)
class Batch:
    """Members whose rows are locked, and the first day on which one of them is judged."""

    count: int
    members: str
    first: date


class Ids(UserDefinedType[str]):
    """Ids in PostgreSQL's own writing of an array."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: object) -> str:
        """Spell the type as PostgreSQL does."""
        return "uuid[]"


async def parts_due(
    connection: AsyncConnection, on: date, *, size: int, takers: int = 1
) -> tuple[Part, ...]:
    """Parts of at most so many members whose standing is due by a day, whatever its ladder.

    They are alike, and as many as a multiple of `takers`, so that these are done at the same time.
    """
    due = standing.c.due_on <= literal(on, Date)
    count = await connection.scalar(select(func.count()).select_from(standing).where(due)) or 0
    if count > size:
        size = math.ceil(count / (takers * math.ceil(count / (takers * size))))
    position = func.row_number().over(order_by=standing.c.member) - 1
    numbered = select(standing.c.member, position.label("position")).where(due).subquery("numbered")
    firsts = (
        select(numbered.c.member)
        .where(numbered.c.position % literal(size, Integer) == 0)
        .order_by(numbered.c.member)
    )
    begins = (await connection.execute(firsts)).scalars().all()
    return tuple(Part(first, end) for first, end in pairwise([*begins, None]) if first is not None)


def due_in(part: Part, on: date, *, version: int) -> Select[UUID, date]:
    """Members of a part whose standing on a ladder is due by a day, and when it is judged first.

    Lock them with `batch_of`, in order of id.
    """
    today = literal(on, Date)
    statement = select(standing.c.member, judged_on(standing).label("first")).where(
        standing.c.ladder == version,
        standing.c.due_on <= today,
        standing.c.decided_through <= today,
    )
    if part.first is not None:
        statement = statement.where(standing.c.member >= part.first)
    if part.end is not None:
        statement = statement.where(standing.c.member < part.end)
    return statement


def batch_of(locked: FromClause) -> Select[int, str | None, date | None]:
    """One row about the members (`member`, `first`) that a statement locks, for `read_batch`."""
    return select(
        func.count(), cast(func.array_agg(locked.c.member), Text), func.min(locked.c.first)
    )


def read_batch(row: Row[int, str | None, date | None]) -> Batch | None:
    """The batch in a row of `batch_of`; None where there is nobody."""
    count, members, first = row
    return Batch(count, members, first) if members is not None and first is not None else None


def rows_of(batch: Batch) -> FromClause:
    """The members of a batch as rows of one column, `member`."""
    return (
        func.unnest(bindparam("members", batch.members, Ids()))
        .table_valued(column("member", Uuid))
        .render_derived(name="wanted")
    )


def judged_on(stands: FromClause) -> ColumnElement[date]:
    """The day after the first window on which a standing that is due is judged."""
    return func.least(stands.c.valid_until, stands.c.rises_on, stands.c.due_on)
