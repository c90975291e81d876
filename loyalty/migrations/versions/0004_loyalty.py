"""Schema of the programme: members, names, settings, keys, the audit trail and the outbox."""

import json
import secrets

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

MEMBERS = """
create table loyalty.member (
    id uuid not null,
    holder uuid not null,
    class text collate "C" not null,
    joined_at timestamptz not null,
    closed_at timestamptz,
    merged_into uuid,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint member_has_one_row primary key (id),
    constraint member_class_is_known
        check (class in ('consumer', 'staff', 'wholesale', 'test', 'blocked')),
    constraint member_holder_is_its_own check (holder <> id),
    constraint member_closes_after_joining check (closed_at >= joined_at),
    constraint member_merges_into_another check (merged_into <> id),
    constraint member_merged_is_closed check (merged_into is null or closed_at is not null)
);
create index member_by_holder on loyalty.member (holder);

create table loyalty.profile (
    member uuid not null,
    email text,
    phone text,
    name text,
    birth_month smallint,
    birth_day smallint,
    birth_year smallint,
    birthday_changed_on date,
    language text collate "C",
    constraint profile_has_one_row_per_member primary key (member),
    constraint profile_belongs_to_a_member foreign key (member) references loyalty.member (id),
    constraint profile_birthday_is_whole check (
        (birth_month is null) = (birth_day is null)
        and (birth_year is null or birth_month is not null)
        and (birthday_changed_on is null) = (birth_month is null)),
    constraint profile_birthday_is_in_the_calendar check (
        birth_day between 1 and (array[31,29,31,30,31,30,31,31,30,31,30,31])[birth_month]),
    constraint profile_birth_month_exists check (birth_month between 1 and 12),
    constraint profile_birth_year_is_plausible check (birth_year between 1900 and 2200)
);
create index profile_by_birthday on loyalty.profile (birth_month, birth_day);

create table loyalty.profile_history (
    member uuid not null,
    id uuid not null,
    field text collate "C" not null,
    before text,
    after text,
    recorded_at timestamptz not null default transaction_timestamp(),
    constraint profile_history_has_one_row_per_change primary key (member, id),
    constraint profile_history_belongs_to_a_member
        foreign key (member) references loyalty.member (id)
);

create table loyalty.consent (
    member uuid not null,
    id uuid not null,
    purpose text collate "C" not null,
    granted boolean not null,
    text_version text collate "C" not null,
    given_at timestamptz not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint consent_has_one_row_per_answer primary key (member, id),
    constraint consent_belongs_to_a_member foreign key (member) references loyalty.member (id),
    constraint consent_purpose_is_a_code check (purpose ~ '^[a-z][a-z0-9-]{0,39}$')
);

create table loyalty.birthday_voucher (
    member uuid not null,
    year smallint not null,
    voucher uuid not null,
    issued_at timestamptz not null,
    constraint birthday_voucher_comes_once_a_year primary key (member, year),
    constraint birthday_voucher_belongs_to_a_member
        foreign key (member) references loyalty.member (id)
);

create table loyalty.name (
    kind text collate "C" not null,
    name text collate "C" not null,
    member uuid,
    id uuid not null,
    constraint name_is_taken_once primary key (kind, name),
    constraint name_kind_is_a_code check (kind ~ '^[a-z][a-z-]{0,39}$'),
    constraint name_is_not_empty_nor_endless check (length(name) between 1 and 320)
);
create index name_by_member on loyalty.name (member, kind);
create index name_by_id on loyalty.name (id, kind);
"""

SETTINGS = """
create table loyalty.policy (
    version integer not null,
    document jsonb not null,
    starts_at timestamptz not null,
    published_at timestamptz not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint policy_version_is_unique primary key (version),
    constraint policy_version_is_positive check (version > 0)
);
create index policy_by_start on loyalty.policy (starts_at, version);

create table loyalty.live_version (
    name text collate "C" not null,
    version bigint not null,
    constraint live_version_has_one_row_per_name primary key (name)
);

create table loyalty.api_key (
    id uuid not null,
    role text collate "C" not null,
    member uuid,
    label text not null,
    prefix text collate "C" not null,
    secret_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint api_key_has_one_row primary key (id),
    constraint api_key_prefix_is_unique unique (prefix),
    constraint api_key_role_is_known
        check (role in ('checkout', 'admin', 'finance', 'member')),
    constraint api_key_of_a_member_names_one check ((role = 'member') = (member is not null)),
    constraint api_key_secret_is_hashed check (octet_length(secret_hash) = 32),
    constraint api_key_expires_after_creation check (expires_at > created_at)
);

create table loyalty.signing_key (
    id uuid not null,
    secret bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    accepted_until timestamptz,
    constraint signing_key_has_one_row primary key (id),
    constraint signing_key_is_long_enough check (octet_length(secret) >= 32),
    constraint signing_key_outlives_its_retirement check (
        (retired_at is null) = (accepted_until is null) and accepted_until >= retired_at)
);

create table loyalty.adjustment_day (
    role text collate "C" not null,
    day date not null,
    points bigint not null,
    allowed bigint not null,
    constraint adjustment_day_has_one_row_per_role primary key (role, day),
    constraint adjustment_day_stays_within_its_limit check (points between 0 and allowed)
);
"""

TRAILS = """
create table loyalty.change (
    id uuid not null,
    member uuid,
    subject_kind text collate "C" not null,
    subject text collate "C" not null,
    action text collate "C" not null,
    before jsonb,
    after jsonb,
    effective_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint change_has_one_row primary key (id),
    constraint change_action_is_a_code check (action ~ '^[a-z][a-z-]{0,39}$'),
    constraint change_subject_kind_is_a_code check (subject_kind ~ '^[a-z][a-z-]{0,39}$')
);
create index change_by_subject on loyalty.change (subject_kind, subject, id);
create index change_by_member on loyalty.change (member, id);

create table loyalty.answer (
    principal text collate "C" not null,
    operation text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    status smallint not null,
    body bytea not null,
    media_type text collate "C" not null,
    location text collate "C",
    recorded_at timestamptz not null default transaction_timestamp(),
    constraint answer_is_given_once_per_idempotency_key primary key (principal, operation, key),
    constraint answer_is_no_server_error check (status between 200 and 499),
    constraint answer_fingerprint_is_a_digest check (octet_length(fingerprint) = 32)
);
create index answer_by_age on loyalty.answer (recorded_at);

create table loyalty.event (
    member uuid not null,
    sequence bigint not null,
    id uuid not null,
    type text collate "C" not null,
    schema_version smallint not null,
    effective_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    historic boolean not null,
    data jsonb not null,
    position bigint generated always as identity,
    recorded_xid xid8 not null default pg_current_xact_id(),
    constraint event_is_numbered_once_per_member primary key (member, sequence),
    constraint event_has_one_id unique (member, id),
    constraint event_sequence_is_positive check (sequence > 0),
    constraint event_schema_version_is_positive check (schema_version > 0),
    constraint event_type_is_a_code check (type ~ '^[a-z][a-z.-]{0,59}$')
);
create index event_by_position on loyalty.event (position);
"""

#: The policy every programme starts with, until its people publish their own.
FIRST_POLICY = {
    "unit": {"en": "points", "zh": "积分"},
    "currency": "USD",
    "time_zone": "UTC",
    "language": "en",
    "point_value": {"minor": 1, "points": 1},
    "earn_basis": "paid",
    "pending_days": 0,
    "expiry_months": 24,
    "shortfall": "debt",
    "lapsed_slice": "expire",
    "hold_minutes": 30,
    "minimum_age": 0,
    "spend_minimum": 0,
    "spend_step": 1,
    "spend_share_percent": 100,
    "spend_on_shipping": False,
    "adjustment_limits": {"admin": 100_000, "finance": 100_000, "checkout": 0},
    "adjustment_reasons": ["goodwill", "correction", "complaint", "compensation", "other"],
    "birthday_voucher": None,
}


def upgrade() -> None:
    """Create the tables, the first policy and the first signing key."""
    op.execute("create schema if not exists loyalty")
    for part in (MEMBERS, SETTINGS, TRAILS):
        op.execute(part)
    op.execute(
        sa.text(
            "insert into loyalty.policy"
            " (version, document, starts_at, published_at, actor, request_id)"
            " values (1, cast(:document as jsonb), '1970-01-01 00:00+00',"
            " '1970-01-01 00:00+00', 'system', 'db-upgrade')"
        ).bindparams(document=json.dumps(FIRST_POLICY))
    )
    op.execute(
        sa.text(
            "insert into loyalty.signing_key (id, secret, created_at)"
            " values (gen_random_uuid(), :secret, transaction_timestamp())"
        ).bindparams(secret=secrets.token_bytes(32))
    )
    op.execute(
        "insert into loyalty.live_version (name, version)"
        " values ('policy', 1), ('keys', 1), ('signing-keys', 1)"
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "event",
        "answer",
        "change",
        "adjustment_day",
        "signing_key",
        "api_key",
        "live_version",
        "policy",
        "name",
        "birthday_voucher",
        "consent",
        "profile_history",
        "profile",
        "member",
    ):
        op.execute(f"drop table loyalty.{table}")
