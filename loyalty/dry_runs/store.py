"""Reading dry runs back, with what has changed since they were asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.dry_runs.errors import UnknownDryRun
from loyalty.dry_runs.tables import dry_run, dry_run_progress, dry_run_result
from loyalty.dry_runs.types import DryRun

MOST_LISTED: Final = 201


async def find_dry_run(connection: AsyncConnection, id_: UUID, *, at: datetime) -> DryRun:
    """Return a dry run as it stands. Raises UnknownDryRun."""
    row = (await connection.execute(_runs().where(dry_run.c.id == id_))).one_or_none()
    if row is None:
        raise UnknownDryRun(seen=str(id_))
    draft = await benefits.find_rule_draft(connection, row.draft)
    return _read(row, draft.change, await connection.scalar(benefits.live_rule_set_version(at)))


async def list_dry_runs(
    connection: AsyncConnection,
    draft_id: UUID,
    *,
    at: datetime,
    limit: int = 50,
    before: UUID | None = None,
) -> Sequence[DryRun]:
    """Return the dry runs of a draft, newest first, from before an id. Raises RuleDraftUnknown."""
    draft = await benefits.find_rule_draft(connection, draft_id)
    live = await connection.scalar(benefits.live_rule_set_version(at))
    statement = _runs().where(dry_run.c.draft == draft_id).order_by(dry_run.c.id.desc())
    if before is not None:
        statement = statement.where(dry_run.c.id < before)
    rows = await connection.execute(statement.limit(min(limit, MOST_LISTED)))
    return [_read(row, draft.change, live) for row in rows]


def _runs() -> Select[*tuple[Any, ...]]:
    progress, result = dry_run_progress.c, dry_run_result.c
    return (
        select(
            *dry_run.c,
            *(progress.selected, progress.done),
            *(result.figures, result.failure, result.finished_at),
        )
        .outerjoin(dry_run_progress, progress.run == dry_run.c.id)
        .outerjoin(dry_run_result, result.run == dry_run.c.id)
    )


def _read(row: Row[*tuple[Any, ...]], now: benefits.RuleChange, live: int | None) -> DryRun:
    change = benefits.change_from(row.change)
    return DryRun(
        id=row.id,
        draft=row.draft,
        change=change,
        rule_set=row.rule_set,
        since=row.since,
        until=row.until,
        days=row.days,
        shop_priced=row.shop_priced,
        asked_at=row.asked_at,
        actor=row.actor,
        selected=row.selected,
        done=row.done or 0,
        finished_at=row.finished_at,
        figures=row.figures,
        failure=row.failure,
        draft_changed=benefits.change_document(change) != benefits.change_document(now),
        rule_set_moved=row.rule_set != live,
    )
