"""Store ladders: published versions never change, and the highest one is live.

Documents are checked by `tiers.ladder` before they are stored. The one idea: there is no pointer
to the live ladder that could disagree, only the newest version.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.errors import LadderOutrun, LadderUnknown
from tiers.ladder import parse_ladder
from tiers.scale import Ladder, Moves
from tiers.tables import ladder
from tiers.types import (
    PublishedLadder,
)


async def publish_ladder(
    connection: AsyncConnection,
    document: Mapping[str, object],
    *,
    at: datetime,
    actor: str,
    request_id: str,
    after: int | None = None,
    moves: Moves | None = None,
) -> Ladder:
    """The ladder now live, made from a checked document as the next version.

    `after` is the version the document was written for; raises `LadderOutrun` where another one
    was published since. Members move at their next event or review: keeping what they were
    promised, or with `at-once` to where their history puts them.
    """
    parse_ladder(document)
    seen = (await connection.execute(live_version())).scalar_one()
    if after is not None and after != (seen or 0):
        raise LadderOutrun(seen=seen or 0, wanted=after)
    version = (seen or 0) + 1
    statement = (
        insert(ladder)
        .values(
            version=version,
            document=dict(document),
            published_at=at,
            published_by=actor,
            request_id=request_id,
            moves=moves,
        )
        .on_conflict_do_nothing(constraint="ladder_version_published_once")
        .returning(ladder.c.version)
    )
    if (await connection.execute(statement)).scalar_one_or_none() is None:
        raise LadderOutrun(seen=version, wanted=version - 1)
    return parse_ladder(document, version=version, moves=moves)


def live_version() -> Select[int | None]:
    """The version of the live ladder, to be joined; null where none was published."""
    return select(func.max(ladder.c.version))


async def live_ladder(connection: AsyncConnection) -> Ladder | None:
    """The live ladder; None where none was published. Keep it by its version, it never changes."""
    newest = select(ladder).order_by(ladder.c.version.desc()).limit(1)
    row = (await connection.execute(newest)).one_or_none()
    return _read(row.version, row.document, row.moves) if row is not None else None


async def find_ladder(connection: AsyncConnection, version: int) -> Ladder:
    """The ladder of a version; raises `LadderUnknown`."""
    statement = select(ladder).where(ladder.c.version == literal(version))
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise LadderUnknown(seen=version)
    return _read(row.version, row.document, row.moves)


async def find_document(connection: AsyncConnection, version: int) -> dict[str, Any]:
    """The document of a published ladder, as it was published; raises `LadderUnknown`."""
    statement = select(ladder.c.document).where(ladder.c.version == literal(version))
    document: dict[str, Any] | None = (await connection.execute(statement)).scalar_one_or_none()
    if document is None:
        raise LadderUnknown(seen=version)
    return document


async def list_ladders(
    connection: AsyncConnection, *, limit: int = 50, before: int | None = None
) -> tuple[PublishedLadder, ...]:
    """The published ladders, newest first, from before a version."""
    statement = select(ladder).order_by(ladder.c.version.desc()).limit(limit)
    if before is not None:
        statement = statement.where(ladder.c.version < before)
    rows = (await connection.execute(statement)).all()
    return tuple(
        PublishedLadder(
            _read(row.version, row.document, row.moves), row.published_at, row.published_by
        )
        for row in rows
    )


def _read(version: int, document: Mapping[str, object], moves: str | None) -> Ladder:
    return parse_ladder(document, version=version, moves=cast("Moves | None", moves))
