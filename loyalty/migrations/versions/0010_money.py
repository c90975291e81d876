"""Money side of points: what finance signed as expected redemption."""

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None

ESTIMATE = """
create table loyalty.estimate (
    version integer not null,
    class text collate "C" not null,
    issued_in date,
    method text collate "C" not null,
    reason text collate "C" not null,
    effective_on date not null,
    hundredths integer,
    points bigint,
    issued bigint not null,
    redeemed bigint not null,
    signed_at timestamptz not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    actor text collate "C" not null,
    request_id text collate "C" not null,
    constraint estimate_version_is_unique primary key (version),
    constraint estimate_version_is_positive check (version > 0),
    constraint estimate_is_of_a_class_with_money
        check (class in ('sale', 'fee', 'goodwill', 'partner')),
    constraint estimate_method_is_known
        check (method in ('history', 'cohort-curve', 'peers', 'judgement')),
    constraint estimate_reason_is_a_code check (reason ~ '^[a-z][a-z0-9-]{0,39}$'),
    constraint estimate_is_a_percentage_or_a_number check (num_nonnulls(hundredths, points) = 1),
    constraint estimate_percentage_is_possible check (hundredths between 0 and 10000),
    constraint estimate_is_between_redeemed_and_issued check (points between redeemed and issued),
    constraint estimate_in_points_is_of_one_cohort
        check (points is null or issued_in is not null),
    constraint estimate_cohort_is_a_month check (extract(day from issued_in) = 1),
    constraint estimate_follows_its_cohort check (effective_on >= issued_in),
    constraint estimate_facts_not_negative check (least(issued, redeemed) >= 0)
);
create index estimate_by_class on loyalty.estimate (class, effective_on);
insert into loyalty.live_version (name, version) values ('estimate', 0);
"""


def upgrade() -> None:
    op.execute(ESTIMATE)


def downgrade() -> None:
    op.execute("delete from loyalty.live_version where name = 'estimate'")
    op.execute("drop table loyalty.estimate")
