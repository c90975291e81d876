"""The table of changes of expiry: previewed, perhaps confirmed, then carried out lot by lot."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, metadata

#: A change concerns every member's points; its row is the place where the work stands.
PROGRAMME_WIDE: Final = frozenset({"expiry_change"})


class _ExpiryChangeColumns(TypedColumns):
    id: Named[UUID]
    document: Named[dict[str, Any]] = Column(JSONB)
    replaces: Named[int] = Column(Integer)
    previewed_at: Named[datetime] = Column(Instant)
    soonest: Named[datetime] = Column(Instant)
    figures: Named[dict[str, Any]] = Column(JSONB)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)
    policy: Named[int | None] = Column(Integer)
    confirmed_at: Named[datetime | None] = Column(Instant)
    confirmed_by: Named[str | None] = Column(Key)
    last_holder: Named[UUID | None]
    lots_moved: Named[int] = Column(BigInteger, server_default="0")
    points_moved: Named[int] = Column(BigInteger, server_default="0")
    members_moved: Named[int] = Column(BigInteger, server_default="0")
    done: Named[bool] = Column(Boolean, server_default="false")


expiry_change: Final = Table(
    "expiry_change",
    metadata,
    _ExpiryChangeColumns,
    PrimaryKeyConstraint("id", name="expiry_change_has_one_row"),
    CheckConstraint("soonest > previewed_at", name="expiry_change_leaves_time"),
    CheckConstraint(
        "(confirmed_at is null) = (policy is null)"
        " and (confirmed_at is null) = (confirmed_by is null)",
        name="expiry_change_is_confirmed_whole",
    ),
    CheckConstraint(
        "confirmed_at is not null or (not done and last_holder is null)",
        name="expiry_change_moves_nothing_unconfirmed",
    ),
    CheckConstraint(
        "least(lots_moved, points_moved, members_moved) >= 0",
        name="expiry_change_counts_upward",
    ),
)
