"""Rules stopped by hand, and limits of voucher definitions.

What: a table, new and empty, and a column of definitions. Why: a rule is stopped at once in every
process, and all vouchers of a definition may be bounded together. Locks: the column has a constant
default, so no row is rewritten.
"""

from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table benefits.rule_switch (
        rule text collate "C" not null,
        number integer not null,
        stopped boolean not null,
        reason text collate "C" not null,
        at timestamptz not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint rule_switch_numbered_once primary key (rule, number),
        constraint rule_switch_number_positive check (number > 0),
        constraint rule_switch_has_a_reason check (length(btrim(reason)) > 0),
        constraint rule_switch_stops_first check (stopped = (number % 2 = 1))
    )
    """,
    """
    alter table benefits.voucher_definition
        add column limits jsonb not null default '[]',
        add constraint voucher_definition_limits_is_list check (jsonb_typeof(limits) = 'array')
    """,
)


def upgrade() -> None:
    """Create the table of switches, and give definitions limits."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
