"""Caps of earning rules, remainders that are carried, bands of what was spent: counted in one way.

What: `benefits.rule_use`, which nothing wrote, makes room for one that says of which counter an
order takes how much, and the counters themselves. Why: limits and budgets are judged by counters
that no two orders can overrun. Locks: none that anybody waits for; both tables are new and empty.
"""

from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the counters and what is taken of them."""
    op.execute("drop table benefits.rule_use")
    op.execute(
        """
        create table benefits.counter (
            member uuid not null,
            starts_on date not null,
            scope text collate "C" not null,
            measure text collate "C" not null,
            every text collate "C" not null,
            used bigint not null,
            constraint counter_stands_once primary key (member, starts_on, scope, measure, every),
            constraint counter_measure_is_known check (
                measure in ('uses', 'points', 'money', 'basis', 'remainder')),
            constraint counter_period_is_known check (
                every in ('day', 'week', 'month', 'year', 'ever')),
            constraint counter_not_below_zero check (used >= 0 or measure = 'remainder')
        ) with (fillfactor = 70)
        """
    )
    op.execute(
        """
        create table benefits.rule_use (
            member uuid not null,
            subject uuid not null,
            counter_member uuid not null,
            starts_on date not null,
            scope text collate "C" not null,
            measure text collate "C" not null,
            every text collate "C" not null,
            side smallint not null,
            taken bigint not null,
            consumed bigint not null,
            given_back bigint not null,
            line_nos smallint[] not null,
            parts bigint[] not null,
            used_at timestamptz not null,
            constraint rule_use_taken_once primary key (
                member, subject, starts_on, scope, measure, every, counter_member, side),
            constraint rule_use_takes_something check (taken > 0),
            constraint rule_use_parts_not_negative check (least(consumed, given_back) >= 0),
            constraint rule_use_within_what_was_taken check (consumed + given_back <= taken),
            constraint rule_use_side_is_known check (side in (-1, 1)),
            constraint rule_use_has_a_part_for_each_line check (
                cardinality(line_nos) = cardinality(parts)),
            constraint rule_use_is_of_the_member_or_of_all check (
                counter_member in (member, '00000000-0000-0000-0000-000000000000'))
        )
        """
    )


def downgrade() -> None:
    """A step back is a restored backup."""
