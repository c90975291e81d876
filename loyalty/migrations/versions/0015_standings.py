"""Two floors at once under a standing: one that a person granted, one that a paid plan lays.

What: four columns more, empty; those of the one floor there was are a grant's, because only grants
laid floors so far. Why: a plan's floor must not take the place of a grant, nor end with it. Locks:
the standings, while their checks are read through once.
"""

from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels = None
depends_on = None

FIELDS = ("tier", "rank", "until", "reason")

PLAN = """
alter table tiers.standing
    add column plan_tier text collate "C",
    add column plan_rank smallint,
    add column plan_until date,
    add column plan_reason text collate "C"
"""

CHECKS = """
alter table tiers.standing
    drop constraint standing_ranks_not_negative,
    drop constraint standing_floor_has_end_and_reason,
    drop constraint standing_reasons_are_codes,
    add constraint standing_ranks_not_negative check ({ranks}),
    add constraint standing_floor_has_end_and_reason check ({whole}),
    add constraint standing_reasons_are_codes check ({reasons})
"""

AFTER = CHECKS.format(
    ranks="tier_rank >= 0 and seed_rank >= 0 and frozen_rank >= 0 "
    "and grant_rank >= 0 and plan_rank >= 0",
    whole="num_nulls(grant_tier, grant_rank, grant_until, grant_reason) in (0, 4) "
    "and num_nulls(plan_tier, plan_rank, plan_until, plan_reason) in (0, 4)",
    reasons="grant_reason ~ '^[a-z0-9:._-]{1,80}$' and plan_reason ~ '^[a-z0-9:._-]{1,80}$' "
    "and frozen_reason ~ '^[a-z0-9:._-]{1,80}$'",
)

BEFORE = CHECKS.format(
    ranks="tier_rank >= 0 and seed_rank >= 0 and frozen_rank >= 0 and floor_rank >= 0",
    whole="num_nulls(floor_tier, floor_rank, floor_until, floor_reason) in (0, 4)",
    reasons="floor_reason ~ '^[a-z0-9:._-]{1,80}$' and frozen_reason ~ '^[a-z0-9:._-]{1,80}$'",
)


def upgrade() -> None:
    """Name the columns of the floor there was after grants, and add those of plans."""
    for field in FIELDS:
        op.execute(f"alter table tiers.standing rename column floor_{field} to grant_{field}")
    op.execute(PLAN)
    op.execute(AFTER)


def downgrade() -> None:
    """Leave grants only; floors of plans must not exist."""
    for field in FIELDS:
        op.execute(f"alter table tiers.standing rename column grant_{field} to floor_{field}")
    op.execute(BEFORE)
    for field in FIELDS:
        op.execute(f"alter table tiers.standing drop column plan_{field}")
