"""Billing by Stripe: names of members and prices there, the inbox, leases, operations, pages.

What: seven tables, new and empty. Why: a webhook is a hint that is kept before it is looked into,
and what is asked of Stripe is saved under its idempotency key before the call. Locks: none that
anybody waits for.
"""

from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.stripe_customer (
        member uuid not null,
        customer text collate "C" not null,
        made_at timestamptz not null,
        constraint stripe_customer_is_one_per_member primary key (member),
        constraint stripe_customer_is_a_member
            foreign key (member) references loyalty.member (id),
        constraint stripe_customer_is_an_id check (customer ~ '^cus_[0-9A-Za-z_]+$')
    )
    """,
    """
    create table loyalty.stripe_price (
        stripe_price text collate "C" not null,
        price uuid not null,
        product text collate "C" not null,
        adopted boolean not null,
        made_at timestamptz not null,
        closed_at timestamptz,
        constraint stripe_price_is_of_one_price primary key (stripe_price),
        constraint stripe_price_is_of_a_plan
            foreign key (price) references loyalty.plan_price (id),
        constraint stripe_price_closes_after_it_was_made check (closed_at >= made_at)
    )
    """,
    """
    create unique index stripe_price_is_made_once on loyalty.stripe_price (price)
     where not adopted
    """,
    """
    create table loyalty.stripe_event (
        id text collate "C" not null,
        type text collate "C" not null,
        api_version text collate "C",
        subject text collate "C" not null,
        subscription text collate "C",
        payment_intent text collate "C",
        source text collate "C" not null,
        happened_at timestamptz not null,
        received_at timestamptz not null,
        next_at timestamptz,
        attempts integer not null default 0,
        handled_at timestamptz,
        failed_at timestamptz,
        outcome text collate "C",
        constraint stripe_event_comes_in_once primary key (id),
        constraint stripe_event_is_an_id check (id ~ '^evt_[0-9A-Za-z_]+$'),
        constraint stripe_event_source_is_known check (source in ('webhook', 'sweep')),
        constraint stripe_event_attempts_are_counted check (attempts >= 0),
        constraint stripe_event_waits_or_is_handled_or_failed
            check (num_nonnulls(next_at, handled_at, failed_at) = 1),
        constraint stripe_event_ends_with_an_outcome
            check (next_at is not null or outcome is not null)
    )
    """,
    """
    create index stripe_event_by_due_time on loyalty.stripe_event (next_at)
     where next_at is not null
    """,
    "create index stripe_event_newest_first on loyalty.stripe_event (received_at, id)",
    """
    create table loyalty.stripe_lease (
        subscription text collate "C" not null,
        fence bigint not null,
        until timestamptz not null,
        constraint stripe_lease_is_one_per_subscription primary key (subscription),
        constraint stripe_lease_fence_is_positive check (fence > 0)
    )
    """,
    """
    create table loyalty.stripe_operation (
        member uuid not null,
        key text collate "C" not null,
        deed text collate "C" not null,
        subscription text collate "C",
        asked jsonb not null,
        asked_at timestamptz not null,
        done_at timestamptz,
        refused text collate "C",
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint stripe_operation_is_asked_once_per_key primary key (member, key),
        constraint stripe_operation_is_about_a_member
            foreign key (member) references loyalty.member (id),
        constraint stripe_operation_key_fits check (length(key) between 1 and 255),
        constraint stripe_operation_deed_is_a_code check (deed ~ '^[a-z][a-z-]{0,39}$'),
        constraint stripe_operation_refused_is_done
            check (refused is null or done_at is not null)
    )
    """,
    """
    create index stripe_operation_under_way on loyalty.stripe_operation (asked_at)
     where done_at is null
    """,
    """
    create table loyalty.stripe_checkout (
        member uuid not null,
        id uuid not null,
        price uuid not null,
        trial boolean not null,
        consent_text text collate "C" not null,
        consent_version text collate "C" not null,
        session text collate "C",
        opened_at timestamptz not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint stripe_checkout_has_one_row primary key (member, id),
        constraint stripe_checkout_session_is_kept_once unique (member, session),
        constraint stripe_checkout_is_of_a_member
            foreign key (member) references loyalty.member (id),
        constraint stripe_checkout_is_for_a_price
            foreign key (price) references loyalty.plan_price (id)
    )
    """,
    """
    create table loyalty.stripe_comparison (
        id uuid not null,
        begun_at timestamptz not null,
        compared integer not null,
        drifted integer not null,
        repaired integer not null,
        unknown integer not null,
        constraint stripe_comparison_has_one_row primary key (id),
        constraint stripe_comparison_adds_up
            check (compared >= 0 and unknown >= 0 and drifted >= 0
                   and repaired between 0 and drifted)
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
