"""Dry runs of drafts of rules over past orders, and what each rule gave every order.

What: three tables, new and empty, and one that is filled from the decisions of orders. Why: a draft
is tried on all orders by a job, and what came of it is kept as it was; what rules cost is read
without their decisions. Locks: none that anybody waits for; it reads every decision once.
"""

from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.dry_run (
        id uuid not null,
        draft uuid not null,
        change jsonb not null,
        rule_set integer,
        since timestamptz not null,
        until timestamptz not null,
        days integer not null,
        shop_priced text collate "C" not null,
        asked_at timestamptz not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint dry_run_has_one_row primary key (id),
        constraint dry_run_days_are_possible check (days between 1 and 1100),
        constraint dry_run_ends_after_it_begins check (until > since),
        constraint dry_run_shop_priced_is_known
            check (shop_priced in ('earning', 'as-regular')),
        constraint dry_run_change_is_an_object check (jsonb_typeof(change) = 'object')
    )
    """,
    "create index dry_run_by_draft on loyalty.dry_run (draft, id)",
    """
    create table loyalty.dry_run_progress (
        run uuid not null,
        selected bigint not null,
        done bigint not null,
        constraint dry_run_progress_has_one_row primary key (run),
        constraint dry_run_progress_is_of_a_run
            foreign key (run) references loyalty.dry_run (id),
        constraint dry_run_progress_is_possible check (done between 0 and selected)
    )
    """,
    """
    create table loyalty.dry_run_result (
        run uuid not null,
        figures jsonb,
        failure text collate "C",
        finished_at timestamptz not null,
        constraint dry_run_result_is_written_once primary key (run),
        constraint dry_run_result_is_of_a_run
            foreign key (run) references loyalty.dry_run (id),
        constraint dry_run_result_is_figures_or_a_failure
            check ((figures is null) <> (failure is null)),
        constraint dry_run_figures_are_an_object check (jsonb_typeof(figures) = 'object')
    )
    """,
    """
    create table loyalty.order_rule (
        member uuid not null,
        order_id uuid not null,
        rule text collate "C" not null,
        version integer not null,
        placed_on date not null,
        money bigint not null,
        points bigint not null,
        constraint order_rule_has_one_row primary key (member, order_id, rule),
        constraint order_rule_money_not_negative check (money >= 0)
    )
    """,
    # Of orders that we priced the decision says all.
    """
    insert into loyalty.order_rule
    select o.member, o.id, a.rule, a.version, o.placed_on, a.amount,
           coalesce((
               select sum(coalesce(w.gave, (l.line ->> 'earn')::bigint))
                 from jsonb_array_elements(d.document::jsonb -> 'answer' -> 'lines') l (line)
                cross join lateral
                      jsonb_to_recordset(l.line -> 'earn_why') w (rule text, gave bigint)
                where w.rule = a.rule), 0)
      from loyalty."order" o
      join loyalty.decision d on d.member = o.member and d.order_id = o.id
     cross join lateral jsonb_to_recordset(d.document::jsonb -> 'answer' -> 'applied')
           a (rule text, version integer, amount bigint)
     where o.priced_by = 'us'
    """,
    # Of others it says which rules earned; points of several together stand with the first.
    """
    insert into loyalty.order_rule
    select o.member, o.id, e.rule, e.version, o.placed_on, 0,
           case when e.place = 1 then o.earn else 0 end
      from loyalty."order" o
      join loyalty.decision d on d.member = o.member and d.order_id = o.id
     cross join lateral rows from (jsonb_to_recordset(d.document::jsonb -> 'earned_by')
           as (rule text, version integer)) with ordinality e (rule, version, place)
     where o.priced_by = 'shop'
    """,
    "create index order_rule_by_day on loyalty.order_rule (placed_on, rule)",
)


def upgrade() -> None:
    """Create the tables, and fill the last."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
