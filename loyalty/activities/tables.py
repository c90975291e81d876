"""What members do besides buying: kinds of it that a shop has named, and each time it happened.

The shop's own id of an event stands in `loyalty.name`, like those of members and orders.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypedColumns,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, metadata
from loyalty.tables import member

PROGRAMME_WIDE: Final = frozenset({"activity_kind"})  # what may happen to any member


class _ActivityKindColumns(TypedColumns):
    kind: Named[str] = Column(Key)
    titles: Named[dict[str, str]] = Column(JSONB)
    created_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)
    retired_at: Named[datetime | None] = Column(Instant)


activity_kind: Final = Table(
    "activity_kind",
    metadata,
    _ActivityKindColumns,
    PrimaryKeyConstraint("kind", name="activity_kind_named_once"),
    CheckConstraint("kind ~ '^[a-z][a-z0-9-]{0,39}$'", name="activity_kind_is_a_code"),
    CheckConstraint("jsonb_typeof(titles) = 'object'", name="activity_kind_titles_is_object"),
)


class _ActivityColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    kind: Named[str] = Column(Key)
    occurred_at: Named[datetime] = Column(Instant)
    channel: Named[str] = Column(Key)
    policy: Named[int] = Column(Integer)
    rule_set: Named[int] = Column(Integer)
    points: Named[int] = Column(BigInteger)
    journal: Named[UUID | None]
    activates_at: Named[datetime | None] = Column(Instant)
    decision: Named[str] = Column(Text)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: An event of a member, with the decision about what it earned as canonical text.
activity: Final = Table(
    "activity",
    metadata,
    _ActivityColumns,
    PrimaryKeyConstraint("member", "id", name="activity_recorded_once"),
    ForeignKeyConstraint(["member"], [member.c.id], name="activity_belongs_to_a_member"),
    CheckConstraint("points >= 0", name="activity_points_not_negative"),
    CheckConstraint(
        "(points > 0) = (journal is not null)", name="activity_with_points_has_a_journal"
    ),
)
