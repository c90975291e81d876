"""Tables of the schema `tiers`: ladders, their drafts, activity, standings and changes.

Private to this package; others join the Selects of `tiers.standings`. Every table about members
leads its primary key with the member, and none has a foreign key to the ladder: a shared parent
row makes MultiXacts under load, so `verify` looks instead. Migrations 0002, 0014 and 0015 are equal
to this module.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Named,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

#: Tables that belong to the programme and not to one member; a test keeps the list.
PROGRAMME_WIDE: Final = frozenset({"ladder", "draft", "draft_preview"})

metadata: Final = MetaData(schema="tiers")

_Instant: Final = DateTime(timezone=True)
_Key: Final = Text(collation="C")


class _LadderColumns(TypedColumns):
    version: Named[int] = Column(Integer, autoincrement=False)
    document: Named[dict[str, Any]] = Column(JSONB)
    published_at: Named[datetime] = Column(_Instant)
    published_by: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)
    moves: Named[str | None] = Column(_Key)


ladder: Final = Table(
    "ladder",
    metadata,
    _LadderColumns,
    PrimaryKeyConstraint("version", name="ladder_version_published_once"),
    CheckConstraint("version > 0", name="ladder_version_positive"),
    CheckConstraint("jsonb_typeof(document) = 'object'", name="ladder_document_is_object"),
    CheckConstraint("moves in ('at-once', 'next-review')", name="ladder_moves_are_known"),
)


class _DraftColumns(TypedColumns):
    id: Named[UUID] = Column(Uuid)
    document: Named[dict[str, Any]] = Column(JSONB)
    made_at: Named[datetime] = Column(_Instant)
    made_by: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)
    moves: Named[str | None] = Column(_Key)
    starts_on: Named[date | None] = Column(Date)
    published: Named[int | None] = Column(Integer)
    retired_at: Named[datetime | None] = Column(_Instant)


draft: Final = Table(
    "draft",
    metadata,
    _DraftColumns,
    PrimaryKeyConstraint("id", name="draft_stored_once"),
    CheckConstraint("jsonb_typeof(document) = 'object'", name="draft_document_is_object"),
    CheckConstraint(
        "published is null or retired_at is null", name="draft_published_or_retired_not_both"
    ),
    CheckConstraint("moves in ('at-once', 'next-review')", name="draft_moves_are_known"),
    CheckConstraint("starts_on is null or moves is not null", name="draft_start_says_how"),
)


class _PreviewColumns(TypedColumns):
    draft: Named[UUID] = Column(Uuid)
    number: Named[int] = Column(Integer)
    on_day: Named[date] = Column(Date)
    figures: Named[dict[str, Any]] = Column(JSONB)
    made_at: Named[datetime] = Column(_Instant)
    made_by: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)


draft_preview: Final = Table(
    "draft_preview",
    metadata,
    _PreviewColumns,
    PrimaryKeyConstraint("draft", "number", name="draft_preview_numbered_once"),
    ForeignKeyConstraint(["draft"], ["tiers.draft.id"], name="draft_preview_of_a_draft"),
    CheckConstraint("number > 0", name="draft_preview_number_positive"),
    CheckConstraint("jsonb_typeof(figures) = 'object'", name="draft_preview_figures_is_object"),
)


class _ActivityColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    order_id: Named[UUID] = Column(Uuid)
    shipment: Named[UUID] = Column(Uuid)
    completed_on: Named[date] = Column(Date)
    purchases: Named[int] = Column(BigInteger)
    returned: Named[int] = Column(BigInteger)
    asset: Named[str | None] = Column(_Key)
    part: Named[bool] = Column(Boolean, server_default=text("false"))


activity: Final = Table(
    "activity",
    metadata,
    _ActivityColumns,
    PrimaryKeyConstraint(
        "member",
        "order_id",
        "shipment",
        name="activity_recorded_once_per_shipment",
        # what deciding reads of a member's rows, which lie all over the table (decision 0221)
        postgresql_include=["completed_on", "purchases", "returned", "asset", "part"],
    ),
    CheckConstraint("purchases >= 0", name="activity_purchases_not_negative"),
    CheckConstraint("returned between 0 and purchases", name="activity_returned_within_purchases"),
    Index("activity_in_parts", "member", "order_id", postgresql_where="part"),
    postgresql_with={"fillfactor": "90"},
)


class _StandingColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    ladder: Named[int] = Column(Integer)
    number: Named[int] = Column(Integer)
    replaces: Named[int | None] = Column(Integer)
    joined_on: Named[date] = Column(Date)
    seed_tier: Named[str] = Column(_Key)
    seed_rank: Named[int] = Column(SmallInteger)
    seed_on: Named[date] = Column(Date)
    seed_since: Named[date] = Column(Date)
    seed_until: Named[date | None] = Column(Date)
    tier: Named[str] = Column(_Key)
    tier_rank: Named[int] = Column(SmallInteger)
    since: Named[date] = Column(Date)
    valid_until: Named[date | None] = Column(Date)
    grace_from: Named[date | None] = Column(Date)
    falls_to: Named[str | None] = Column(_Key)
    falls_rank: Named[int | None] = Column(SmallInteger)
    falls_on: Named[date | None] = Column(Date)
    rises_to: Named[str | None] = Column(_Key)
    rises_rank: Named[int | None] = Column(SmallInteger)
    rises_on: Named[date | None] = Column(Date)
    due_on: Named[date | None] = Column(Date)
    decided_through: Named[date] = Column(Date)
    grant_tier: Named[str | None] = Column(_Key)
    grant_rank: Named[int | None] = Column(SmallInteger)
    grant_until: Named[date | None] = Column(Date)
    grant_reason: Named[str | None] = Column(_Key)
    frozen_tier: Named[str | None] = Column(_Key)
    frozen_rank: Named[int | None] = Column(SmallInteger)
    frozen_reason: Named[str | None] = Column(_Key)
    fall_told: Named[date | None] = Column(Date)
    plan_tier: Named[str | None] = Column(_Key)
    plan_rank: Named[int | None] = Column(SmallInteger)
    plan_until: Named[date | None] = Column(Date)
    plan_reason: Named[str | None] = Column(_Key)


standing: Final = Table(
    "standing",
    metadata,
    _StandingColumns,
    PrimaryKeyConstraint("member", name="standing_one_per_member"),
    CheckConstraint("number > 0", name="standing_number_positive"),
    CheckConstraint("replaces <= number", name="standing_replaces_an_earlier_one"),
    CheckConstraint(
        "tier_rank >= 0 and seed_rank >= 0 and frozen_rank >= 0 "
        "and grant_rank >= 0 and plan_rank >= 0",
        name="standing_ranks_not_negative",
    ),
    CheckConstraint("valid_until > since", name="standing_valid_after_since"),
    CheckConstraint(
        "tier_rank > 0 "
        "or (valid_until is null and coalesce(rises_on < falls_on, falls_on is null))",
        name="standing_bottom_kept_for_ever",
    ),
    CheckConstraint(
        "num_nulls(falls_to, falls_rank, falls_on) in (0, 3) "
        "and (falls_rank < tier_rank "
        "or coalesce(falls_rank < rises_rank and rises_on < falls_on, falls_on is null))",
        name="standing_falls_downward",
    ),
    CheckConstraint(
        "num_nulls(rises_to, rises_rank, rises_on) in (0, 3) "
        "and (rises_rank > tier_rank "
        "or coalesce(rises_rank > falls_rank and falls_on <= rises_on, rises_on is null))",
        name="standing_rises_upward",
    ),
    CheckConstraint(
        "num_nulls(grant_tier, grant_rank, grant_until, grant_reason) in (0, 4) "
        "and num_nulls(plan_tier, plan_rank, plan_until, plan_reason) in (0, 4)",
        name="standing_floor_has_end_and_reason",
    ),
    CheckConstraint(
        "num_nulls(frozen_tier, frozen_rank, frozen_reason) in (0, 3)",
        name="standing_freeze_has_reason",
    ),
    CheckConstraint(
        "grant_reason ~ '^[a-z0-9:._-]{1,80}$' and plan_reason ~ '^[a-z0-9:._-]{1,80}$' "
        "and frozen_reason ~ '^[a-z0-9:._-]{1,80}$'",
        name="standing_reasons_are_codes",
    ),
    CheckConstraint("since <= decided_through", name="standing_since_not_in_future"),
    Index("standing_due", "due_on", "member", postgresql_where="due_on is not null"),
    postgresql_with={"fillfactor": "80"},
)


class _ChangeColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    number: Named[int] = Column(Integer)
    effective_on: Named[date] = Column(Date)
    rule: Named[str] = Column(_Key)
    tier_before: Named[str | None] = Column(_Key)
    tier: Named[str] = Column(_Key)
    earned: Named[str] = Column(_Key)
    ladder: Named[int] = Column(Integer)
    valid_until: Named[date | None] = Column(Date)
    figures: Named[dict[str, Any]] = Column(JSONB)
    recorded_at: Named[datetime] = Column(_Instant)
    actor: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)
    reason: Named[str | None] = Column(_Key)


standing_change: Final = Table(
    "standing_change",
    metadata,
    _ChangeColumns,
    PrimaryKeyConstraint("member", "number", name="standing_change_numbered_once"),
    CheckConstraint("number > 0", name="standing_change_number_positive"),
    CheckConstraint(
        "rule in ('joined', 'reached', 'kept', 'stepped-down', 'fell-to-earned', 'returned', "
        "'corrected', 'ladder-changed', 'floor-set', 'floor-ended', 'frozen', 'thawed', "
        "'merged', 'imported')",
        name="standing_change_rule_is_known",
    ),
    CheckConstraint("reason ~ '^[a-z0-9:._-]{1,80}$'", name="standing_change_reason_is_code"),
    CheckConstraint("jsonb_typeof(figures) = 'object'", name="standing_change_figures_is_object"),
)
