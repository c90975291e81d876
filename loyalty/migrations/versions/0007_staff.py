"""Staff of the console: people, sessions, one-time links, counted attempts.

New tables only; nothing existing is locked.
"""

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None

STAFF = """
create table loyalty.staff (
    id uuid not null,
    email text not null,
    email_key text collate "C" not null,
    name text not null,
    roles text[] collate "C" not null,
    password_hash text,
    created_at timestamptz not null,
    retired_at timestamptz,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint staff_has_one_row primary key (id),
    constraint staff_email_is_taken_once unique (email_key),
    constraint staff_roles_are_known
        check (cardinality(roles) > 0 and roles <@ array['admin', 'finance']),
    constraint staff_email_key_is_folded check (email_key = lower(email_key)),
    constraint staff_name_is_short check (length(name) between 1 and 100),
    constraint staff_password_is_hashed check (password_hash like '$argon2id$%'),
    constraint staff_retires_after_creation check (retired_at >= created_at)
)
"""

SESSION = """
create table loyalty.staff_session (
    token_digest bytea not null,
    staff uuid not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null,
    constraint staff_session_has_one_row primary key (token_digest),
    constraint staff_session_belongs_to_a_person
        foreign key (staff) references loyalty.staff (id),
    constraint staff_session_token_is_hashed check (octet_length(token_digest) = 32),
    constraint staff_session_is_limited check (
        started_at <= seen_at and seen_at < ends_at
        and ends_at <= started_at + interval '12 hours'
    )
)
"""

LINK = """
create table loyalty.staff_link (
    token_digest bytea not null,
    staff uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint staff_link_has_one_row primary key (token_digest),
    constraint staff_link_belongs_to_a_person foreign key (staff) references loyalty.staff (id),
    constraint staff_link_token_is_hashed check (octet_length(token_digest) = 32),
    constraint staff_link_is_limited
        check (created_at < expires_at and expires_at <= created_at + interval '7 days'),
    constraint staff_link_is_used_after_creation check (used_at >= created_at)
)
"""

ATTEMPT = """
create table loyalty.staff_attempt (
    bucket bytea not null,
    attempts integer not null,
    last_at timestamptz not null,
    free_at timestamptz not null,
    constraint staff_attempt_has_one_row_per_bucket primary key (bucket),
    constraint staff_attempt_bucket_is_hashed check (octet_length(bucket) = 32),
    constraint staff_attempt_counts_from_one check (attempts > 0),
    constraint staff_attempt_waits_forward check (free_at >= last_at)
)
"""

INDEXES = (
    "create index staff_session_by_person on loyalty.staff_session (staff)",
    "create index staff_session_by_end on loyalty.staff_session (ends_at)",
    "create index staff_link_by_person on loyalty.staff_link (staff)",
    "create index staff_attempt_by_age on loyalty.staff_attempt (last_at)",
)


def upgrade() -> None:
    for statement in (STAFF, SESSION, LINK, ATTEMPT, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for table in ("staff_attempt", "staff_link", "staff_session", "staff"):
        op.execute(f"drop table loyalty.{table}")
    op.execute("drop function if exists loyalty.staff_keeps_an_admin()")
