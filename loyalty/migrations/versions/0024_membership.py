"""Paid membership: plans, memberships with their timeline, charges, refunds, and who had a trial.

What: nine tables, new and empty but for the key of the prints. Why: a fee buys benefits for a paid
period, and access follows from one row. Locks: none that anybody waits for.
"""

from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.plan (
        code text collate "C" not null,
        adapter text collate "C" not null,
        titles jsonb not null,
        currency text collate "C" not null,
        tier_floor text collate "C",
        trial_days integer not null,
        trial_needs_card boolean not null,
        bonus_points bigint not null,
        grace_days integer not null,
        margin_hours integer not null,
        refund_policy text collate "C" not null,
        withdrawal_days integer not null,
        opened_at timestamptz not null,
        archived_at timestamptz,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint plan_code_is_taken_once primary key (code),
        constraint plan_code_is_a_code check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
        constraint plan_adapter_is_known check (adapter in ('stripe', 'external')),
        constraint plan_titles_are_an_object check (jsonb_typeof(titles) = 'object'),
        constraint plan_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
        constraint plan_trial_is_possible
            check (trial_days between 0 and 730
                and (trial_days > 0 or not trial_needs_card)),
        constraint plan_bonus_points_not_negative check (bonus_points >= 0),
        constraint plan_grace_is_possible check (grace_days between 0 and 60),
        constraint plan_margin_is_possible check (margin_hours between 1 and 72),
        constraint plan_refund_policy_is_known
            check (refund_policy in ('full-if-unused', 'pro-rata', 'none')),
        constraint plan_withdrawal_is_possible check (withdrawal_days between 0 and 365),
        constraint plan_is_archived_after_it_was_opened check (archived_at >= opened_at)
    )
    """,
    """
    create table loyalty.plan_price (
        id uuid not null,
        plan text collate "C" not null,
        code text collate "C" not null,
        every text collate "C" not null,
        amount bigint not null,
        tax text collate "C" not null,
        opened_at timestamptz not null,
        archived_at timestamptz,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint plan_price_has_one_row primary key (id),
        constraint plan_price_code_is_taken_once unique (plan, code),
        constraint plan_price_is_of_one_plan unique (plan, id),
        constraint plan_price_is_of_a_plan foreign key (plan) references loyalty.plan (code),
        constraint plan_price_code_is_a_code check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
        constraint plan_price_rhythm_is_known check (every in ('month', 'year')),
        constraint plan_price_amount_is_positive check (amount > 0),
        constraint plan_price_tax_is_known check (tax in ('inclusive', 'exclusive')),
        constraint plan_price_is_archived_after_it_was_opened check (archived_at >= opened_at)
    )
    """,
    """
    create table loyalty.membership (
        member uuid not null,
        id uuid not null,
        adapter text collate "C" not null,
        reference text collate "C" not null,
        plan text collate "C" not null,
        price uuid not null,
        state text collate "C" not null,
        began_at timestamptz not null,
        trial_ends_at timestamptz,
        period_start timestamptz,
        period_end timestamptz,
        cancel_at timestamptz,
        cancel_asked_at timestamptz,
        past_due_since timestamptz,
        grace_ends_at timestamptz,
        paused_at timestamptz,
        late_from timestamptz,
        access_until timestamptz not null,
        ended_at timestamptz,
        end_cause text collate "C",
        next_price uuid,
        consent_text text collate "C",
        consent_version text collate "C",
        consent_at timestamptz,
        foretold_end timestamptz,
        version integer not null,
        fence bigint not null,
        recorded_at timestamptz default transaction_timestamp() not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint membership_has_one_row primary key (member, id),
        constraint membership_reference_is_taken_once unique (member, adapter, reference),
        constraint membership_is_of_a_member
            foreign key (member) references loyalty.member (id),
        constraint membership_has_a_price_of_its_plan
            foreign key (plan, price) references loyalty.plan_price (plan, id),
        constraint membership_next_price_is_one
            foreign key (next_price) references loyalty.plan_price (id),
        constraint membership_adapter_is_known check (adapter in ('stripe', 'external')),
        constraint membership_reference_is_a_code
            check (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}$'),
        constraint membership_state_is_known
            check (state in ('trial', 'active', 'past-due', 'paused', 'ended')),
        constraint membership_trial_has_an_end
            check (state <> 'trial' or trial_ends_at is not null),
        constraint membership_trial_ends_after_it_began check (trial_ends_at > began_at),
        constraint membership_period_is_whole
            check ((period_start is null) = (period_end is null)
                and period_end > period_start),
        constraint membership_active_has_a_period
            check (state <> 'active' or period_end is not null),
        constraint membership_cancellation_is_whole
            check ((cancel_at is null) = (cancel_asked_at is null)),
        constraint membership_grace_is_whole
            check ((past_due_since is null) = (grace_ends_at is null)
                and grace_ends_at >= past_due_since
                and (state <> 'past-due' or past_due_since is not null)),
        constraint membership_pause_is_whole
            check ((state = 'paused') = (paused_at is not null)),
        constraint membership_end_is_whole
            check ((state = 'ended') = (ended_at is not null)
                and (ended_at is null) = (end_cause is null) and ended_at >= began_at),
        constraint membership_is_late_once
            check (late_from is null or past_due_since is null and ended_at is null),
        constraint membership_gives_nothing_once_ended check (access_until <= ended_at),
        constraint membership_consent_is_whole
            check (num_nulls(consent_text, consent_version, consent_at) in (0, 3)),
        constraint membership_version_is_positive check (version > 0),
        constraint membership_fence_not_negative check (fence >= 0)
    ) with (fillfactor = 80)
    """,
    """
    create index membership_by_end_of_access
        on loyalty.membership (access_until) where ended_at is null
    """,
    "create index membership_by_id on loyalty.membership (id)",
    """
    create index membership_by_lateness
        on loyalty.membership (late_from) where late_from is not null
    """,
    "create index membership_by_plan on loyalty.membership (plan, state, id)",
    """
    create unique index membership_is_live_once
        on loyalty.membership (member) where ended_at is null
    """,
    """
    create table loyalty.membership_change (
        member uuid not null,
        membership uuid not null,
        number integer not null,
        cause text collate "C" not null,
        at timestamptz not null,
        before text collate "C",
        after text collate "C" not null,
        data jsonb not null,
        recorded_at timestamptz default transaction_timestamp() not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint membership_change_is_numbered_once primary key (member, membership, number),
        constraint membership_change_is_of_a_membership
            foreign key (member, membership)
                references loyalty.membership (member, id) on update cascade,
        constraint membership_change_number_is_positive check (number > 0),
        constraint membership_change_cause_is_a_code check (cause ~ '^[a-z][a-z0-9-]{0,39}$'),
        constraint membership_change_follows_from_a_state
            check ((number = 1) = (before is null)),
        constraint membership_change_data_is_an_object check (jsonb_typeof(data) = 'object')
    )
    """,
    """
    create table loyalty.membership_charge (
        member uuid not null,
        id uuid not null,
        membership uuid not null,
        adapter text collate "C" not null,
        reference text collate "C" not null,
        price uuid not null,
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        net bigint not null,
        tax bigint not null,
        credit bigint not null,
        currency text collate "C" not null,
        reason text collate "C" not null,
        paid_at timestamptz not null,
        refunded_net bigint not null,
        refunded_tax bigint not null,
        booked_on date,
        recorded_at timestamptz default transaction_timestamp() not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint membership_charge_has_one_row primary key (member, id),
        constraint membership_charge_is_made_once unique (member, adapter, reference),
        constraint membership_charge_is_of_a_membership
            foreign key (member, membership)
                references loyalty.membership (member, id) on update cascade,
        constraint membership_charge_has_a_price
            foreign key (price) references loyalty.plan_price (id),
        constraint membership_charge_reference_is_a_code
            check (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}$'),
        constraint membership_charge_period_is_possible check (ends_at > starts_at),
        constraint membership_charge_is_positive
            check (net >= 0 and tax >= 0 and net + tax > 0),
        constraint membership_charge_credit_not_negative check (credit >= 0),
        constraint membership_charge_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
        constraint membership_charge_reason_is_known
            check (reason in ('first', 'renewal', 'upgrade', 'mend', 'late')),
        constraint membership_charge_is_not_refunded_twice
            check (refunded_net between 0 and net and refunded_tax between 0 and tax)
    )
    """,
    "create index membership_charge_by_membership on loyalty.membership_charge (membership)",
    "create index membership_charge_by_period on loyalty.membership_charge (starts_at)",
    """
    create unique index membership_charge_pays_a_period_once
        on loyalty.membership_charge (member, membership, starts_at)
        where adapter = 'external' and reason in ('first', 'renewal', 'mend')
            and refunded_net + refunded_tax < net + tax
    """,
    """
    create table loyalty.membership_refund (
        member uuid not null,
        id uuid not null,
        charge uuid not null,
        reference text collate "C" not null,
        net bigint not null,
        tax bigint not null,
        kind text collate "C" not null,
        reason text collate "C" not null,
        at timestamptz not null,
        booked_on date,
        recorded_at timestamptz default transaction_timestamp() not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint membership_refund_has_one_row primary key (member, id),
        constraint membership_refund_is_made_once unique (member, charge, reference),
        constraint membership_refund_is_of_a_charge
            foreign key (member, charge)
                references loyalty.membership_charge (member, id) on update cascade,
        constraint membership_refund_reference_is_a_code
            check (reference ~ '^[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}$'),
        constraint membership_refund_is_positive
            check (net >= 0 and tax >= 0 and net + tax > 0),
        constraint membership_refund_kind_is_known
            check (kind in ('refund', 'dispute', 'reinstated')),
        constraint membership_refund_reason_is_a_code check (reason ~ '^[a-z][a-z0-9-]{0,39}$')
    )
    """,
    "create index membership_refund_by_charge on loyalty.membership_refund (charge)",
    "create index membership_refund_by_instant on loyalty.membership_refund (at)",
    """
    create table loyalty.trial_taken (
        member uuid not null,
        membership uuid not null,
        at timestamptz not null,
        constraint trial_is_taken_once_for_life primary key (member),
        constraint trial_taken_is_of_a_member
            foreign key (member) references loyalty.member (id)
    )
    """,
    """
    create table loyalty.trial_print (
        print bytea not null,
        at timestamptz not null,
        constraint trial_print_is_kept_once primary key (print),
        constraint trial_print_is_a_hash check (octet_length(print) = 32)
    )
    """,
    """
    create table loyalty.trial_secret (
        one boolean default true not null,
        secret bytea not null,
        constraint trial_secret_has_one_row primary key (one),
        constraint trial_secret_is_one check (one),
        constraint trial_secret_is_long_enough check (octet_length(secret) = 32)
    )
    """,
    """
    insert into loyalty.trial_secret (secret)
    values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
    """,
)


def upgrade() -> None:
    """Create the tables, and make the key of the prints."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
