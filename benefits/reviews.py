"""Reviews of drafts: one person hands a draft in, another approves it or sends it back.

A review is of one digest, that of all the draft changes: what is put into the draft later was never
looked at. The one idea: the newest review of a draft says where it stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.review_tables import rule_draft_review

Verdict = Literal["approved", "sent-back"]


@dataclass(frozen=True, slots=True)
class Review:
    """That a draft was handed in, as it was then, and what was said about it.

    `authors` are all who wrote it or handed it in, none of whom may approve it; `rule_set` is what
    was live when it was approved.
    """

    number: int
    digest: str
    authors: tuple[str, ...]
    handed_in_at: datetime
    handed_in_by: str
    verdict: Verdict | None = None
    rule_set: int | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


async def newest_reviews(
    connection: AsyncConnection, drafts: Sequence[UUID]
) -> Mapping[UUID, Review]:
    """The newest review of each draft that was ever handed in."""
    if not drafts:
        return {}
    found = await connection.execute(
        select(rule_draft_review)
        .where(rule_draft_review.c.draft.in_(drafts))
        .order_by(rule_draft_review.c.draft, rule_draft_review.c.number.desc())
        .ext(distinct_on(rule_draft_review.c.draft))
    )
    return {row.draft: _read(row) for row in found}


async def add_review(
    connection: AsyncConnection, draft_id: UUID, review: Review, *, request_id: str
) -> None:
    """Store that a draft was handed in."""
    await connection.execute(
        insert(rule_draft_review).values(
            draft=draft_id,
            number=review.number,
            digest=review.digest,
            authors=list(review.authors),
            handed_in_at=review.handed_in_at,
            handed_in_by=review.handed_in_by,
            request_id=request_id,
        )
    )


async def decide_review(connection: AsyncConnection, draft_id: UUID, review: Review) -> None:
    """Store what was said about a draft that was handed in."""
    said = {
        "verdict": review.verdict,
        "rule_set": review.rule_set,
        "reason": review.reason,
        "decided_at": review.decided_at,
        "decided_by": review.decided_by,
    }
    row = (rule_draft_review.c.draft == draft_id) & (rule_draft_review.c.number == review.number)
    await connection.execute(update(rule_draft_review).where(row).values(**said))


def _read(row: Row[Any]) -> Review:
    return Review(
        number=row.number,
        digest=row.digest,
        authors=tuple(row.authors),
        handed_in_at=row.handed_in_at,
        handed_in_by=row.handed_in_by,
        verdict=row.verdict,
        rule_set=row.rule_set,
        reason=row.reason,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )
