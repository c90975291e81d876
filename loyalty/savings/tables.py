"""Tables of plans tried over past orders: what was asked, and the result, which never changes."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.plans.tables import CODE
from loyalty.schema import Instant, Key, metadata

#: A plan is tried on all members' orders; its figures name members by their ids only.
PROGRAMME_WIDE: Final = frozenset({"plan_run", "plan_run_result"})


class _PlanRunColumns(TypedColumns):
    id: Named[UUID]
    draft: Named[UUID]
    change: Named[dict[str, Any]] = Column(JSONB)
    plan: Named[str] = Column(Key)
    fee: Named[int] = Column(BigInteger)
    days: Named[int] = Column(Integer)
    asked_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


plan_run: Final = Table(
    "plan_run",
    metadata,
    _PlanRunColumns,
    PrimaryKeyConstraint("id", name="plan_run_has_one_row"),
    CheckConstraint("days between 1 and 1100", name="plan_run_days_are_possible"),
    CheckConstraint("fee > 0", name="plan_run_fee_positive"),
    CheckConstraint(f"plan ~ '{CODE}'", name="plan_run_plan_is_a_code"),
    CheckConstraint("jsonb_typeof(change) = 'object'", name="plan_run_change_is_an_object"),
    Index("plan_run_by_draft", "draft", "id"),
)


class _ResultColumns(TypedColumns):
    run: Named[UUID]
    figures: Named[dict[str, Any] | None] = Column(JSONB(none_as_null=True))
    failure: Named[str | None] = Column(Key)
    finished_at: Named[datetime] = Column(Instant)


#: Added once and never changed.
plan_run_result: Final = Table(
    "plan_run_result",
    metadata,
    _ResultColumns,
    PrimaryKeyConstraint("run", name="plan_run_result_is_written_once"),
    ForeignKeyConstraint(["run"], [plan_run.c.id], name="plan_run_result_is_of_a_run"),
    CheckConstraint(
        "(figures is null) <> (failure is null)", name="plan_run_result_is_figures_or_a_failure"
    ),
    CheckConstraint("jsonb_typeof(figures) = 'object'", name="plan_run_figures_are_an_object"),
)
