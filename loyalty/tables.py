"""Tables of the programme itself: members, their names and profiles, settings, keys, trails.

Orders, staff and jobs keep their own `tables.py`; all share `loyalty.schema.metadata`. Rows about
a member lead with the member; rows of the whole programme are listed in `PROGRAMME_WIDE`.
Personal data, free text and the shop's ids stand in `profile`, `profile_history` and `name` only.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Named,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, Xid8, metadata

#: Tables that belong to the programme and not to one member; a test keeps the list.
PROGRAMME_WIDE: Final = frozenset(
    {
        "name",  # names unique in the whole programme, resolved to a member
        "policy",  # versions of the programme policy
        "live_version",  # what cached configuration is compared with
        "api_key",
        "signing_key",
        "change",  # the audit trail of every management write
        "answer",  # stored answers under idempotency keys
        "adjustment_day",  # points adjusted by hand, by role and day
    }
)


class _MemberColumns(TypedColumns):
    id: Named[UUID]
    holder: Named[UUID]
    class_: Named[str] = Column("class", Key)
    joined_at: Named[datetime] = Column(Instant)
    closed_at: Named[datetime | None] = Column(Instant)
    merged_into: Named[UUID | None]
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


member: Final = Table(
    "member",
    metadata,
    _MemberColumns,
    PrimaryKeyConstraint("id", name="member_has_one_row"),
    CheckConstraint(
        "class in ('consumer', 'staff', 'wholesale', 'test', 'blocked')",
        name="member_class_is_known",
    ),
    CheckConstraint("holder <> id", name="member_holder_is_its_own"),
    CheckConstraint("closed_at >= joined_at", name="member_closes_after_joining"),
    CheckConstraint("merged_into <> id", name="member_merges_into_another"),
    CheckConstraint("merged_into is null or closed_at is not null", name="member_merged_is_closed"),
    Index("member_by_holder", "holder"),
)
Index(
    "member_by_survivor", member.c.merged_into, postgresql_where=member.c.merged_into.is_not(None)
)


class _ProfileColumns(TypedColumns):
    member: Named[UUID]
    email: Named[str | None] = Column(Text)
    phone: Named[str | None] = Column(Text)
    name: Named[str | None] = Column(Text)
    birth_month: Named[int | None] = Column(SmallInteger)
    birth_day: Named[int | None] = Column(SmallInteger)
    birth_year: Named[int | None] = Column(SmallInteger)
    birthday_changed_on: Named[date | None] = Column(Date)
    language: Named[str | None] = Column(Key)


profile: Final = Table(
    "profile",
    metadata,
    _ProfileColumns,
    PrimaryKeyConstraint("member", name="profile_has_one_row_per_member"),
    ForeignKeyConstraint(["member"], [member.c.id], name="profile_belongs_to_a_member"),
    CheckConstraint(
        "(birth_month is null) = (birth_day is null)"
        " and (birth_year is null or birth_month is not null)"
        " and (birthday_changed_on is null) = (birth_month is null)",
        name="profile_birthday_is_whole",
    ),
    CheckConstraint(
        "birth_day between 1 and (array[31,29,31,30,31,30,31,31,30,31,30,31])[birth_month]",
        name="profile_birthday_is_in_the_calendar",
    ),
    CheckConstraint("birth_month between 1 and 12", name="profile_birth_month_exists"),
    CheckConstraint("birth_year between 1900 and 2200", name="profile_birth_year_is_plausible"),
    Index("profile_by_birthday", "birth_month", "birth_day"),
)


class _ProfileHistoryColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    field: Named[str] = Column(Key)
    before: Named[str | None] = Column(Text)
    after: Named[str | None] = Column(Text)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())


#: What a personal field or a free text was and became; erasure empties `before` and `after`.
profile_history: Final = Table(
    "profile_history",
    metadata,
    _ProfileHistoryColumns,
    PrimaryKeyConstraint("member", "id", name="profile_history_has_one_row_per_change"),
    ForeignKeyConstraint(["member"], [member.c.id], name="profile_history_belongs_to_a_member"),
)


class _ConsentColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    purpose: Named[str] = Column(Key)
    granted: Named[bool]
    text_version: Named[str] = Column(Key)
    given_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Every yes and no a member gave, by purpose and text version; the latest one counts.
consent: Final = Table(
    "consent",
    metadata,
    _ConsentColumns,
    PrimaryKeyConstraint("member", "id", name="consent_has_one_row_per_answer"),
    ForeignKeyConstraint(["member"], [member.c.id], name="consent_belongs_to_a_member"),
    CheckConstraint("purpose ~ '^[a-z][a-z0-9-]{0,39}$'", name="consent_purpose_is_a_code"),
)


class _NameColumns(TypedColumns):
    kind: Named[str] = Column(Key)
    name: Named[str] = Column(Key)
    member: Named[UUID | None]
    id: Named[UUID]


#: Names unique in the whole programme: the shop's ids, contacts, voucher codes.
name: Final = Table(
    "name",
    metadata,
    _NameColumns,
    PrimaryKeyConstraint("kind", "name", name="name_is_taken_once"),
    CheckConstraint("kind ~ '^[a-z][a-z-]{0,39}$'", name="name_kind_is_a_code"),
    CheckConstraint("length(name) between 1 and 320", name="name_is_not_empty_nor_endless"),
    Index("name_by_member", "member", "kind"),
    Index("name_by_id", "id", "kind"),
)


class _PolicyColumns(TypedColumns):
    version: Named[int] = Column(Integer, autoincrement=False)
    document: Named[dict[str, Any]] = Column(JSONB)
    starts_at: Named[datetime] = Column(Instant)
    published_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


policy: Final = Table(
    "policy",
    metadata,
    _PolicyColumns,
    PrimaryKeyConstraint("version", name="policy_version_is_unique"),
    CheckConstraint("version > 0", name="policy_version_is_positive"),
    Index("policy_by_start", "starts_at", "version"),
)


class _LiveVersionColumns(TypedColumns):
    name: Named[str] = Column(Key)
    version: Named[int] = Column(BigInteger)


#: One counter per kind of cached configuration (`policy`, `keys`, `signing-keys`).
live_version: Final = Table(
    "live_version",
    metadata,
    _LiveVersionColumns,
    PrimaryKeyConstraint("name", name="live_version_has_one_row_per_name"),
)


class _ApiKeyColumns(TypedColumns):
    id: Named[UUID]
    role: Named[str] = Column(Key)
    member: Named[UUID | None]
    label: Named[str] = Column(Text)
    prefix: Named[str] = Column(Key)
    secret_hash: Named[bytes] = Column(LargeBinary)
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


api_key: Final = Table(
    "api_key",
    metadata,
    _ApiKeyColumns,
    PrimaryKeyConstraint("id", name="api_key_has_one_row"),
    UniqueConstraint("prefix", name="api_key_prefix_is_unique"),
    CheckConstraint(
        "role in ('checkout', 'admin', 'finance', 'member')", name="api_key_role_is_known"
    ),
    CheckConstraint(
        "(role = 'member') = (member is not null)", name="api_key_of_a_member_names_one"
    ),
    CheckConstraint("octet_length(secret_hash) = 32", name="api_key_secret_is_hashed"),
    CheckConstraint("expires_at > created_at", name="api_key_expires_after_creation"),
)


class _SigningKeyColumns(TypedColumns):
    id: Named[UUID]
    secret: Named[bytes] = Column(LargeBinary)
    created_at: Named[datetime] = Column(Instant)
    retired_at: Named[datetime | None] = Column(Instant)
    accepted_until: Named[datetime | None] = Column(Instant)


#: Secrets that sign quotes and links; a retired one still verifies until `accepted_until`.
signing_key: Final = Table(
    "signing_key",
    metadata,
    _SigningKeyColumns,
    PrimaryKeyConstraint("id", name="signing_key_has_one_row"),
    CheckConstraint("octet_length(secret) >= 32", name="signing_key_is_long_enough"),
    CheckConstraint(
        "(retired_at is null) = (accepted_until is null) and accepted_until >= retired_at",
        name="signing_key_outlives_its_retirement",
    ),
)


class _ChangeColumns(TypedColumns):
    id: Named[UUID]
    member: Named[UUID | None]
    subject_kind: Named[str] = Column(Key)
    subject: Named[str] = Column(Key)
    action: Named[str] = Column(Key)
    before: Named[dict[str, Any] | None] = Column(JSONB(none_as_null=True))
    after: Named[dict[str, Any] | None] = Column(JSONB(none_as_null=True))
    effective_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: Who changed what and when, before and after: append-only, written with the change itself.
change: Final = Table(
    "change",
    metadata,
    _ChangeColumns,
    PrimaryKeyConstraint("id", name="change_has_one_row"),
    CheckConstraint("action ~ '^[a-z][a-z-]{0,39}$'", name="change_action_is_a_code"),
    CheckConstraint("subject_kind ~ '^[a-z][a-z-]{0,39}$'", name="change_subject_kind_is_a_code"),
    Index("change_by_subject", "subject_kind", "subject", "id"),
    Index("change_by_member", "member", "id"),
)


class _AnswerColumns(TypedColumns):
    principal: Named[str] = Column(Key)
    operation: Named[str] = Column(Key)
    key: Named[str] = Column(Key)
    fingerprint: Named[bytes] = Column(LargeBinary)
    status: Named[int] = Column(SmallInteger)
    body: Named[bytes] = Column(LargeBinary)
    media_type: Named[str] = Column(Key)
    location: Named[str | None] = Column(Key)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())


#: The answer once given to a request that carried an idempotency key.
answer: Final = Table(
    "answer",
    metadata,
    _AnswerColumns,
    PrimaryKeyConstraint(
        "principal", "operation", "key", name="answer_is_given_once_per_idempotency_key"
    ),
    CheckConstraint("status between 200 and 499", name="answer_is_no_server_error"),
    CheckConstraint("octet_length(fingerprint) = 32", name="answer_fingerprint_is_a_digest"),
    Index("answer_by_age", "recorded_at"),
)


class _EventColumns(TypedColumns):
    member: Named[UUID]
    sequence: Named[int] = Column(BigInteger)
    id: Named[UUID]
    type: Named[str] = Column(Key)
    schema_version: Named[int] = Column(SmallInteger)
    effective_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)
    historic: Named[bool]
    data: Named[dict[str, Any]] = Column(JSONB)
    position: Named[int] = Column(BigInteger, Identity(always=True))
    recorded_xid: Named[int] = Column(Xid8(), server_default=func.pg_current_xact_id())
    feed_era: Named[int | None] = Column(Integer, server_default=func.loyalty.feed_era())
    feed_xid: Named[int | None] = Column(Xid8(), server_default=func.pg_current_xact_id())


#: The outbox: one row per operation, numbered per member. Its place in the feed is its era (null:
#: before there was one), its transaction or a younger one before it, and its position.
event: Final = Table(
    "event",
    metadata,
    _EventColumns,
    PrimaryKeyConstraint("member", "sequence", name="event_is_numbered_once_per_member"),
    UniqueConstraint("member", "id", name="event_has_one_id"),
    CheckConstraint("sequence > 0", name="event_sequence_is_positive"),
    CheckConstraint("schema_version > 0", name="event_schema_version_is_positive"),
    CheckConstraint("type ~ '^[a-z][a-z.-]{0,59}$'", name="event_type_is_a_code"),
    Index(
        "event_in_feed_order",
        text("coalesce(feed_era, 0)"),
        text("coalesce(feed_xid, '0'::xid8)"),
        "position",
    ),
)


class _AdjustmentDayColumns(TypedColumns):
    role: Named[str] = Column(Key)
    day: Named[date] = Column(Date)
    points: Named[int] = Column(BigInteger)
    allowed: Named[int] = Column(BigInteger)


#: Points given and taken by hand on a day, per role; changed by one conditional statement.
adjustment_day: Final = Table(
    "adjustment_day",
    metadata,
    _AdjustmentDayColumns,
    PrimaryKeyConstraint("role", "day", name="adjustment_day_has_one_row_per_role"),
    CheckConstraint("points between 0 and allowed", name="adjustment_day_stays_within_its_limit"),
)


class _BirthdayVoucherColumns(TypedColumns):
    member: Named[UUID]
    year: Named[int] = Column(SmallInteger)
    voucher: Named[UUID]
    issued_at: Named[datetime] = Column(Instant)


#: The birthday voucher of a member and calendar year; the key allows one.
birthday_voucher: Final = Table(
    "birthday_voucher",
    metadata,
    _BirthdayVoucherColumns,
    PrimaryKeyConstraint("member", "year", name="birthday_voucher_comes_once_a_year"),
    ForeignKeyConstraint(["member"], [member.c.id], name="birthday_voucher_belongs_to_a_member"),
)
