"""The table of reviews of drafts, in the schema `benefits`. Migration 0029 is equal to it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypedColumns,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from benefits.tables import metadata, rule_draft, rule_set

_Instant: Final = DateTime(timezone=True)
_Key: Final = Text(collation="C")


class _ReviewColumns(TypedColumns):
    draft: Named[UUID] = Column(Uuid)
    number: Named[int] = Column(Integer, autoincrement=False)
    digest: Named[str] = Column(_Key)
    authors: Named[list[str]] = Column(ARRAY(_Key))
    handed_in_at: Named[datetime] = Column(_Instant)
    handed_in_by: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)
    verdict: Named[str | None] = Column(_Key)
    rule_set: Named[int | None] = Column(Integer)
    reason: Named[str | None] = Column(_Key)
    decided_at: Named[datetime | None] = Column(_Instant)
    decided_by: Named[str | None] = Column(_Key)


#: That a draft was handed in for somebody else to look at, and what they said; `rule_set` is what
#: was live when it was approved.
rule_draft_review: Final = Table(
    "rule_draft_review",
    metadata,
    _ReviewColumns,
    PrimaryKeyConstraint("draft", "number", name="rule_draft_review_numbered_once"),
    ForeignKeyConstraint(["draft"], [rule_draft.c.id], name="rule_draft_review_is_of_a_draft"),
    ForeignKeyConstraint(
        ["rule_set"], [rule_set.c.version], name="rule_draft_review_looks_at_a_published_set"
    ),
    CheckConstraint("number > 0", name="rule_draft_review_number_positive"),
    CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="rule_draft_review_digest_is_sha256"),
    CheckConstraint("handed_in_by = any (authors)", name="rule_draft_review_knows_who_handed_in"),
    CheckConstraint(
        "verdict in ('approved', 'sent-back')", name="rule_draft_review_verdict_is_known"
    ),
    CheckConstraint(
        "(verdict is null) = (decided_at is null)", name="rule_draft_review_verdict_says_when"
    ),
    CheckConstraint(
        "(verdict is null) = (decided_by is null)", name="rule_draft_review_verdict_says_who"
    ),
    CheckConstraint(
        "verdict <> 'sent-back' or length(btrim(coalesce(reason, ''))) > 0",
        name="rule_draft_review_sent_back_says_why",
    ),
    CheckConstraint(
        "verdict <> 'approved' or decided_by <> all (authors)",
        name="rule_draft_review_is_by_another",
    ),
    Index(
        "rule_draft_review_is_open_once",
        "draft",
        unique=True,
        postgresql_where=text("verdict is null"),
    ),
)
