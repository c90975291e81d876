"""Tables of staff in the schema `loyalty`: people, sessions, one-time links, attempts.

All are programme-wide. A staff member's name and e-mail stand in `staff` alone; sessions, links
and attempts carry digests, so that a copy of the database opens no door.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Named,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from loyalty.schema import Instant, Key, metadata

#: Tables of this module that belong to the programme and not to one member.
PROGRAMME_WIDE: Final = frozenset({"staff", "staff_session", "staff_link", "staff_attempt"})


class _StaffColumns(TypedColumns):
    id: Named[UUID]
    email: Named[str] = Column(Text)
    email_key: Named[str] = Column(Key)
    name: Named[str] = Column(Text)
    roles: Named[list[str]] = Column(ARRAY(Text(collation="C")))
    password_hash: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(Instant)
    retired_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


staff: Final = Table(
    "staff",
    metadata,
    _StaffColumns,
    PrimaryKeyConstraint("id", name="staff_has_one_row"),
    UniqueConstraint("email_key", name="staff_email_is_taken_once"),
    CheckConstraint(
        "cardinality(roles) > 0 and roles <@ array['admin', 'finance']",
        name="staff_roles_are_known",
    ),
    CheckConstraint("email_key = lower(email_key)", name="staff_email_key_is_folded"),
    CheckConstraint("length(name) between 1 and 100", name="staff_name_is_short"),
    CheckConstraint("password_hash like '$argon2id$%'", name="staff_password_is_hashed"),
    CheckConstraint("retired_at >= created_at", name="staff_retires_after_creation"),
)


class _SessionColumns(TypedColumns):
    token_digest: Named[bytes] = Column(LargeBinary)
    staff: Named[UUID]
    started_at: Named[datetime] = Column(Instant)
    seen_at: Named[datetime] = Column(Instant)
    ends_at: Named[datetime] = Column(Instant)


staff_session: Final = Table(
    "staff_session",
    metadata,
    _SessionColumns,
    PrimaryKeyConstraint("token_digest", name="staff_session_has_one_row"),
    ForeignKeyConstraint(["staff"], [staff.c.id], name="staff_session_belongs_to_a_person"),
    CheckConstraint("octet_length(token_digest) = 32", name="staff_session_token_is_hashed"),
    CheckConstraint(
        "started_at <= seen_at and seen_at < ends_at"
        " and ends_at <= started_at + interval '12 hours'",
        name="staff_session_is_limited",
    ),
    Index("staff_session_by_person", "staff"),
    Index("staff_session_by_end", "ends_at"),
)


class _LinkColumns(TypedColumns):
    token_digest: Named[bytes] = Column(LargeBinary)
    staff: Named[UUID | None]
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)
    used_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: One-time links; a row without a person makes the first one.
staff_link: Final = Table(
    "staff_link",
    metadata,
    _LinkColumns,
    PrimaryKeyConstraint("token_digest", name="staff_link_has_one_row"),
    ForeignKeyConstraint(["staff"], [staff.c.id], name="staff_link_belongs_to_a_person"),
    CheckConstraint("octet_length(token_digest) = 32", name="staff_link_token_is_hashed"),
    CheckConstraint(
        "created_at < expires_at and expires_at <= created_at + interval '7 days'",
        name="staff_link_is_limited",
    ),
    CheckConstraint("used_at >= created_at", name="staff_link_is_used_after_creation"),
    Index("staff_link_by_person", "staff"),
)


class _AttemptColumns(TypedColumns):
    bucket: Named[bytes] = Column(LargeBinary)
    attempts: Named[int] = Column(Integer)
    last_at: Named[datetime] = Column(Instant)
    free_at: Named[datetime] = Column(Instant)


#: Sign-in attempts since the last success, by digest of the account or of the network.
staff_attempt: Final = Table(
    "staff_attempt",
    metadata,
    _AttemptColumns,
    PrimaryKeyConstraint("bucket", name="staff_attempt_has_one_row_per_bucket"),
    CheckConstraint("octet_length(bucket) = 32", name="staff_attempt_bucket_is_hashed"),
    CheckConstraint("attempts > 0", name="staff_attempt_counts_from_one"),
    CheckConstraint("free_at >= last_at", name="staff_attempt_waits_forward"),
    Index("staff_attempt_by_age", "last_at"),
)
