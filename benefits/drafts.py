"""Drafts of rules: one rule or several, to be changed together, until they are published.

A draft changes nothing until it is published as a rule set, now or from an instant on; then it is
closed. The one idea: a draft holds only what it changes, so that drafts do not stand in the way
of each other unless they touch the same rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.contents import RuleChange
from benefits.draft_errors import RuleDraftClosed, RuleDraftUnknown
from benefits.tables import rule_draft

DraftState = Literal["open", "scheduled", "published", "retired"]


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A draft and what became of it: `published` is its rule set, live from `live_from` on.

    `based_on` is the set that was live when it was made or last changed.
    """

    id: UUID
    change: RuleChange
    based_on: int | None
    made_at: datetime
    made_by: str
    published: int | None = None
    live_from: datetime | None = None
    retired_at: datetime | None = None

    def state_at(self, at: datetime) -> DraftState:
        """What became of it by an instant."""
        if self.retired_at is not None:
            return "retired"
        if self.live_from is None:
            return "open"
        return "scheduled" if self.live_from > at else "published"


async def add_rule_draft(
    connection: AsyncConnection, draft: RuleDraft, *, request_id: str
) -> RuleDraft:
    """Store a draft that was checked."""
    await connection.execute(
        insert(rule_draft).values(
            id=draft.id,
            **_columns(draft.change),
            based_on=draft.based_on,
            made_at=draft.made_at,
            made_by=draft.made_by,
            request_id=request_id,
        )
    )
    return draft


async def find_rule_draft(
    connection: AsyncConnection, draft_id: UUID, *, lock: bool = False
) -> RuleDraft:
    """The draft of an id, locked for a change if asked. Raises RuleDraftUnknown."""
    statement = select(rule_draft).where(rule_draft.c.id == draft_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise RuleDraftUnknown(seen=str(draft_id))
    return _read(row)


async def open_rule_draft(
    connection: AsyncConnection, draft_id: UUID, *, at: datetime, scheduled: bool = False
) -> RuleDraft:
    """The draft, locked, while it is open, or scheduled if that is allowed.

    Raises RuleDraftUnknown and RuleDraftClosed.
    """
    found = await find_rule_draft(connection, draft_id, lock=True)
    state = found.state_at(at)
    if state != "open" and not (scheduled and state == "scheduled"):
        raise RuleDraftClosed(seen=state)
    return found


async def list_rule_drafts(
    connection: AsyncConnection, *, limit: int = 50, before: UUID | None = None
) -> list[RuleDraft]:
    """The drafts, newest first, from before an id."""
    statement = select(rule_draft).order_by(rule_draft.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(rule_draft.c.id < before)
    return [_read(row) for row in await connection.execute(statement)]


async def list_open_drafts(connection: AsyncConnection, *, limit: int = 200) -> list[RuleDraft]:
    """The drafts that are neither published nor put away, newest first."""
    statement = (
        select(rule_draft)
        .where(rule_draft.c.published.is_(None), rule_draft.c.retired_at.is_(None))
        .order_by(rule_draft.c.id.desc())
        .limit(limit)
    )
    return [_read(row) for row in await connection.execute(statement)]


async def replace_rule_draft(
    connection: AsyncConnection, draft_id: UUID, change: RuleChange, *, based_on: int | None
) -> None:
    """Put another change into an open draft; it starts again from what is live."""
    await _update(connection, draft_id, {**_columns(change), "based_on": based_on})


async def close_rule_draft(
    connection: AsyncConnection, draft_id: UUID, *, published: int, live_from: datetime
) -> None:
    """Say as which rule set a draft was published, and from when."""
    await _update(connection, draft_id, {"published": published, "live_from": live_from})


async def put_away(connection: AsyncConnection, draft_id: UUID, *, at: datetime) -> None:
    """Put a draft away; it stays readable."""
    await _update(connection, draft_id, {"retired_at": at})


async def _update(
    connection: AsyncConnection, draft_id: UUID, values: Mapping[str, object]
) -> None:
    await connection.execute(update(rule_draft).where(rule_draft.c.id == draft_id).values(**values))


def _columns(change: RuleChange) -> dict[str, Any]:
    return {
        "rules": [dict(document) for document in change.rules],
        "retired": list(change.retired),
        "groups": dict(change.groups),
    }


def _read(row: Row[Any]) -> RuleDraft:
    return RuleDraft(
        id=row.id,
        change=RuleChange(tuple(row.rules), tuple(row.retired), row.groups),
        based_on=row.based_on,
        made_at=row.made_at,
        made_by=row.made_by,
        published=row.published,
        live_from=row.live_from,
        retired_at=row.retired_at,
    )
