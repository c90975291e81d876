"""What a merge passes on of a voucher is counted, and what is void stays void when it comes back.

What: a column of vouchers and three checks; used up vouchers of batches that were made void become
void. Why: a code that a merge passed on was listed twice, and a voucher that was used up before its
batch was made void was good again after a return. Locks: vouchers for as long as their rows are
looked at once.
"""

from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels = None
depends_on = None

_STEPS = (
    """
    alter table benefits.voucher
        add column uses_passed integer not null default 0,
        add constraint voucher_passed_not_negative check (uses_passed >= 0),
        add constraint voucher_passed_on_is_void
            check (uses_passed = 0 or voided_at is not null),
        drop constraint voucher_not_used_too_often,
        add constraint voucher_not_used_too_often
            check (uses_reserved + uses_redeemed + uses_passed <= uses)
    """,
    # what a member has of a voucher now came from whoever had it before them
    """
    with held as (
        select v.member, v.id, lead(v.uses) over (
            partition by v.id order by v.voided_at nulls last, v.uses desc) as passed
        from benefits.voucher as v
        where v.id in (select w.id from benefits.voucher as w group by w.id having count(*) > 1)
    )
    update benefits.voucher as v
    set uses_passed = least(h.passed, v.uses - v.uses_reserved - v.uses_redeemed)
    from held as h
    where v.member = h.member and v.id = h.id and h.passed is not null and v.voided_at is not null
    """,
    """
    update benefits.voucher as v set voided_at = b.voided_at, void_reason = b.void_reason
    from loyalty.voucher_batch as b
    where b.id = v.batch and b.voided_at is not null and v.voided_at is null
    """,
)


def upgrade() -> None:
    """Count what was passed on, and end what came with batches that are void."""
    for statement in _STEPS:
        op.execute(statement)


def downgrade() -> None:
    """A step back is a restored backup."""
