"""Drafts of rules: one rule or several, to be changed together, until they are published.

A draft changes nothing until it is published as a rule set, now or from an instant on; then it is
closed. The one idea: a draft holds only what it changes, so that drafts do not stand in the way
of each other unless they touch the same rule.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.contents import RuleChange
from benefits.draft_errors import ReviewPending, RuleDraftClosed, RuleDraftUnknown
from benefits.reviews import Review, newest_reviews
from benefits.tables import rule_draft

DraftState = Literal["open", "review", "approved", "scheduled", "published", "retired"]

_MADE: Final = frozenset[DraftState]({"open", "approved"})
"""Where a draft may be changed and published."""


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A draft and what became of it: `published` is its rule set, live from `live_from` on.

    `based_on` is the set that was live when it was made or last changed, `digest` that of all that
    it changes, and `review` the newest one.
    """

    id: UUID
    change: RuleChange
    based_on: int | None
    made_at: datetime
    made_by: str
    published: int | None = None
    live_from: datetime | None = None
    retired_at: datetime | None = None
    authors: tuple[str, ...] = ()
    """Everybody who put something into it, whoever made it first."""
    digest: str = ""
    review: Review | None = None

    @property
    def approved(self) -> bool:
        """Whether somebody else approved it as it is now."""
        found = self.review
        return found is not None and found.verdict == "approved" and found.digest == self.digest

    def state_at(self, at: datetime) -> DraftState:
        """What became of it by an instant."""
        if self.retired_at is not None:
            return "retired"
        if self.live_from is None:
            if self.review is not None and self.review.verdict is None:
                return "review"
            return "approved" if self.approved else "open"
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
            authors=[draft.made_by],
        )
    )
    return await find_rule_draft(connection, draft.id)


async def find_rule_draft(
    connection: AsyncConnection, draft_id: UUID, *, lock: bool = False
) -> RuleDraft:
    """The draft of an id, locked for a change if asked. Raises RuleDraftUnknown."""
    if lock:  # first, so that the review that is read is the newest
        one = select(rule_draft.c.id).where(rule_draft.c.id == draft_id)
        await connection.execute(one.with_for_update(key_share=True))
    for found in await _find(connection, _DRAFTS.where(rule_draft.c.id == draft_id)):
        return found
    raise RuleDraftUnknown(seen=str(draft_id))


async def open_rule_draft(
    connection: AsyncConnection,
    draft_id: UUID,
    *,
    at: datetime,
    besides: Collection[DraftState] = (),
) -> RuleDraft:
    """The draft, locked, while it is open or approved, or in a state that is allowed besides.

    Raises RuleDraftUnknown, RuleDraftClosed, and ReviewPending while it is in review.
    """
    found = await find_rule_draft(connection, draft_id, lock=True)
    state = found.state_at(at)
    if state in _MADE or state in besides:
        return found
    if state == "review":
        raise ReviewPending
    raise RuleDraftClosed(seen=state)


async def list_rule_drafts(
    connection: AsyncConnection, *, limit: int = 50, before: UUID | None = None
) -> list[RuleDraft]:
    """The drafts, newest first, from before an id."""
    statement = _DRAFTS.order_by(rule_draft.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(rule_draft.c.id < before)
    return await _find(connection, statement)


async def list_open_drafts(connection: AsyncConnection, *, limit: int = 200) -> list[RuleDraft]:
    """The drafts that are neither published nor put away, newest first."""
    statement = (
        _DRAFTS.where(rule_draft.c.published.is_(None), rule_draft.c.retired_at.is_(None))
        .order_by(rule_draft.c.id.desc())
        .limit(limit)
    )
    return await _find(connection, statement)


async def replace_rule_draft(
    connection: AsyncConnection,
    draft_id: UUID,
    change: RuleChange,
    *,
    based_on: int | None,
    authors: Iterable[str],
) -> None:
    """Put another change into an open draft; it starts again from what is live."""
    values = {**_columns(change), "based_on": based_on, "authors": list(authors)}
    await _update(connection, draft_id, values)


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


_DRAFTS: Final[Select[Any]] = select(
    rule_draft,
    func.benefits.rule_draft_digest(
        rule_draft.c.rules, rule_draft.c.retired, rule_draft.c.groups
    ).label("digest"),
)


async def _find(connection: AsyncConnection, statement: Select[Any]) -> list[RuleDraft]:
    rows = (await connection.execute(statement)).all()
    reviews = await newest_reviews(connection, [row.id for row in rows])
    return [_read(row, reviews.get(row.id)) for row in rows]


def _read(row: Row[Any], review: Review | None) -> RuleDraft:
    return RuleDraft(
        id=row.id,
        change=RuleChange(tuple(row.rules), tuple(row.retired), row.groups),
        based_on=row.based_on,
        made_at=row.made_at,
        made_by=row.made_by,
        published=row.published,
        live_from=row.live_from,
        retired_at=row.retired_at,
        authors=tuple(row.authors),
        digest=row.digest,
        review=review,
    )
