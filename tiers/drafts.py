"""Drafts of ladders: written, previewed, published or retired, and kept with their previews.

A draft changes nothing until it is published. The one idea: a draft is checked like a ladder from
the first word, so whatever is stored could be published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Row, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tiers.errors import DraftClosed, DraftUnknown
from tiers.ladder import parse_ladder
from tiers.scale import Ladder, Moves
from tiers.tables import draft, draft_preview


@dataclass(frozen=True, slots=True)
class Draft:
    """A ladder that is not live: its document, and what became of it.

    `starts_on` is the day on which it is to be published, with `moves` then.
    """

    id: UUID
    document: Mapping[str, Any]
    made_at: datetime
    made_by: str
    moves: Moves | None
    starts_on: date | None
    published: int | None
    retired_at: datetime | None

    @property
    def state(self) -> Literal["open", "scheduled", "published", "retired"]:
        """What became of it."""
        if self.published is not None:
            return "published"
        if self.retired_at is not None:
            return "retired"
        return "scheduled" if self.starts_on is not None else "open"

    @property
    def ladder(self) -> Ladder:
        """The ladder it describes."""
        return parse_ladder(self.document)


@dataclass(frozen=True, slots=True)
class StoredPreview:
    """A preview as it was kept with its draft."""

    number: int
    on: date
    figures: Mapping[str, Any]
    made_at: datetime
    made_by: str


async def add_draft(
    connection: AsyncConnection,
    document: Mapping[str, object],
    *,
    draft_id: UUID,
    at: datetime,
    actor: str,
    request_id: str,
) -> Draft:
    """Store a draft; raises a `Ladder…` refusal where the document cannot work."""
    parse_ladder(document)
    await connection.execute(
        insert(draft).values(
            id=draft_id,
            document=dict(document),
            made_at=at,
            made_by=actor,
            request_id=request_id,
        )
    )
    return Draft(draft_id, document, at, actor, None, None, None, None)


async def find_draft(connection: AsyncConnection, draft_id: UUID, *, lock: bool = False) -> Draft:
    """The draft of an id, locked for a change if asked; raises `DraftUnknown`."""
    statement = select(draft).where(draft.c.id == draft_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise DraftUnknown(seen=str(draft_id))
    return _read(row)


async def open_draft(connection: AsyncConnection, draft_id: UUID) -> Draft:
    """The draft, locked, if it may still change; raises `DraftUnknown` and `DraftClosed`."""
    found = await find_draft(connection, draft_id, lock=True)
    if found.state in {"published", "retired"}:
        raise DraftClosed(seen=found.state)
    return found


async def list_drafts(
    connection: AsyncConnection, *, limit: int = 50, before: UUID | None = None
) -> tuple[Draft, ...]:
    """The drafts, newest first, from before an id."""
    statement = select(draft).order_by(draft.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(draft.c.id < before)
    return tuple(_read(row) for row in (await connection.execute(statement)).all())


async def drafts_due(connection: AsyncConnection, on: date) -> tuple[UUID, ...]:
    """The drafts to be published by a day, the earliest first."""
    statement = (
        select(draft.c.id)
        .where(draft.c.starts_on <= on, draft.c.published.is_(None), draft.c.retired_at.is_(None))
        .order_by(draft.c.starts_on, draft.c.id)
    )
    return tuple((await connection.execute(statement)).scalars())


async def change_draft(connection: AsyncConnection, draft_id: UUID, **changes: object) -> None:
    """Change an open draft: its document, when and how it starts, or what became of it."""
    if "document" in changes:
        parse_ladder(cast("Mapping[str, object]", changes["document"]))
    await connection.execute(update(draft).where(draft.c.id == draft_id).values(**changes))


async def keep_preview(
    connection: AsyncConnection,
    draft_id: UUID,
    figures: Mapping[str, object],
    *,
    on: date,
    at: datetime,
    actor: str,
    request_id: str,
) -> int:
    """Keep a preview with its draft and answer its number; the draft is locked."""
    last = select(func.coalesce(func.max(draft_preview.c.number), 0)).where(
        draft_preview.c.draft == draft_id
    )
    statement = (
        insert(draft_preview)
        .values(
            draft=draft_id,
            number=last.scalar_subquery() + literal(1),
            on_day=on,
            figures=dict(figures),
            made_at=at,
            made_by=actor,
            request_id=request_id,
        )
        .returning(draft_preview.c.number)
    )
    return (await connection.execute(statement)).scalar_one()


async def previews_of(
    connection: AsyncConnection, draft_id: UUID, *, limit: int = 20
) -> tuple[StoredPreview, ...]:
    """The previews kept with a draft, newest first."""
    statement = (
        select(draft_preview)
        .where(draft_preview.c.draft == draft_id)
        .order_by(draft_preview.c.number.desc())
        .limit(limit)
    )
    return tuple(
        StoredPreview(row.number, row.on_day, row.figures, row.made_at, row.made_by)
        for row in (await connection.execute(statement)).all()
    )


def _read(row: Row[Any]) -> Draft:
    return Draft(
        id=row.id,
        document=row.document,
        made_at=row.made_at,
        made_by=row.made_by,
        moves=cast("Moves | None", row.moves),
        starts_on=row.starts_on,
        published=row.published,
        retired_at=row.retired_at,
    )
