"""The table of proofs: one row for each time that all promises were proved."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, metadata

PROGRAMME_WIDE: Final = frozenset({"verification"})  # a proof is about all rows at once


class _VerificationColumns(TypedColumns):
    id: Named[UUID]
    started_at: Named[datetime] = Column(Instant)
    finished_at: Named[datetime] = Column(Instant)
    findings: Named[Any] = Column(JSONB)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


verification: Final = Table(
    "verification",
    metadata,
    _VerificationColumns,
    PrimaryKeyConstraint("id", name="verification_id_is_unique"),
    CheckConstraint("finished_at >= started_at", name="verification_ends_after_it_starts"),
    CheckConstraint("jsonb_typeof(findings) = 'array'", name="verification_findings_are_a_list"),
    Index("verification_by_start", text("started_at desc")),
)
