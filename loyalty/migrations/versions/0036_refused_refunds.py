"""Finds refunds that Stripe refused, so that they are tried again.

What: an index and a rule on what we ask of Stripe. Why: each try of a refund is an operation of its
own. Locks: the table, while it is read once; nobody reads it on the way of a quote or an order.
"""

from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels = None
depends_on = None

_STEPS = (
    """
    alter table loyalty.stripe_operation
        add constraint stripe_operation_refund_says_which_try check (
            deed not in ('refund', 'refund-settled') or asked ?& array['of', 'attempt'])
    """,
    """
    create index stripe_operation_refused on loyalty.stripe_operation (asked_at)
        where refused is not null
    """,
)


def upgrade() -> None:
    """Add the rule and the index."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
