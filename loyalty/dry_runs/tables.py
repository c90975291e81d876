"""Tables of dry runs: what was asked, how far the work is, and the result, which never changes."""

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

from loyalty.schema import Instant, Key, metadata

#: A dry run looks at all members' orders; its figures name members by their ids only.
PROGRAMME_WIDE: Final = frozenset({"dry_run", "dry_run_progress", "dry_run_result"})


class _DryRunColumns(TypedColumns):
    id: Named[UUID]
    draft: Named[UUID]
    change: Named[dict[str, Any]] = Column(JSONB)
    rule_set: Named[int | None] = Column(Integer)
    since: Named[datetime] = Column(Instant)
    until: Named[datetime] = Column(Instant)
    days: Named[int] = Column(Integer)
    shop_priced: Named[str] = Column(Key)
    asked_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


dry_run: Final = Table(
    "dry_run",
    metadata,
    _DryRunColumns,
    PrimaryKeyConstraint("id", name="dry_run_has_one_row"),
    CheckConstraint("days between 1 and 1100", name="dry_run_days_are_possible"),
    CheckConstraint("until > since", name="dry_run_ends_after_it_begins"),
    CheckConstraint(
        "shop_priced in ('earning', 'as-regular')", name="dry_run_shop_priced_is_known"
    ),
    CheckConstraint("jsonb_typeof(change) = 'object'", name="dry_run_change_is_an_object"),
    Index("dry_run_by_draft", "draft", "id"),
)


class _ProgressColumns(TypedColumns):
    run: Named[UUID]
    selected: Named[int] = Column(BigInteger)
    done: Named[int] = Column(BigInteger)


dry_run_progress: Final = Table(
    "dry_run_progress",
    metadata,
    _ProgressColumns,
    PrimaryKeyConstraint("run", name="dry_run_progress_has_one_row"),
    ForeignKeyConstraint(["run"], [dry_run.c.id], name="dry_run_progress_is_of_a_run"),
    CheckConstraint("done between 0 and selected", name="dry_run_progress_is_possible"),
)


class _ResultColumns(TypedColumns):
    run: Named[UUID]
    figures: Named[dict[str, Any] | None] = Column(JSONB(none_as_null=True))
    failure: Named[str | None] = Column(Key)
    finished_at: Named[datetime] = Column(Instant)


#: Added once and never changed.
dry_run_result: Final = Table(
    "dry_run_result",
    metadata,
    _ResultColumns,
    PrimaryKeyConstraint("run", name="dry_run_result_is_written_once"),
    ForeignKeyConstraint(["run"], [dry_run.c.id], name="dry_run_result_is_of_a_run"),
    CheckConstraint(
        "(figures is null) <> (failure is null)", name="dry_run_result_is_figures_or_a_failure"
    ),
    CheckConstraint("jsonb_typeof(figures) = 'object'", name="dry_run_figures_are_an_object"),
)
