"""A plan that nobody has yet, tried by a worker: what was asked for, and what came of it.

Deciding a year's orders takes its time, so a page asks for it and looks again. It is read in one
snapshot; a run that dies begins anew, and the first result stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.dry_runs.running import patient_snapshot
from loyalty.dry_runs.sets import sets_of
from loyalty.ids import new_id
from loyalty.jobs.queue import enqueue
from loyalty.savings.joining import figures_of
from loyalty.savings.simulating import Supposed, simulate_plan
from loyalty.savings.tables import plan_run, plan_run_result

#: The job that tries a plan.
JOB: Final = "try-plan"
RUN: Final = "ptr"
"""How ids of these runs begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRun:
    """A plan by a draft of its rules over the orders of the `days` before it was asked for.

    `figures` are what `joining.figures_of` says; `failure` is the code of why there are none.
    """

    id: UUID
    draft: UUID
    change: benefits.RuleChange
    plan: str
    fee: int
    days: int
    asked_at: datetime
    actor: str
    finished_at: datetime | None = None
    figures: Mapping[str, Any] | None = None
    failure: str | None = None

    @property
    def since(self) -> datetime:
        """From when on orders are decided again, as if everybody had joined then."""
        return self.asked_at - timedelta(days=self.days)

    @property
    def state(self) -> Literal["waiting", "done", "failed"]:
        """How far it is."""
        if self.finished_at is None:
            return "waiting"
        return "done" if self.failure is None else "failed"


async def ask_for_plan_run(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    draft_id: UUID,
    *,
    plan: str,
    fee: int,
    days: int,
) -> UUID:
    """Let a worker try a plan by a draft of its rules, as it is now; answer the run's id.

    Raises RuleDraftUnknown, and the first thing that stands in the way of the draft.
    """
    draft = await benefits.find_rule_draft(connection, draft_id)
    await sets_of(connection, programme, cause.at, draft.change)
    id_ = new_id(cause.at)
    await connection.execute(
        insert(plan_run).values(
            id=id_,
            draft=draft_id,
            change=benefits.change_document(draft.change),
            plan=plan,
            fee=fee,
            days=days,
            asked_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await enqueue(connection, JOB, {"run": str(id_)}, in_turn=JOB)
    return id_


async def find_plan_run(connection: AsyncConnection, id_: UUID) -> PlanRun | None:
    """Return a run as it stands, if there is one."""
    row = (await connection.execute(_runs().where(plan_run.c.id == id_))).one_or_none()
    return None if row is None else _read(row)


async def list_plan_runs(
    connection: AsyncConnection, draft_id: UUID, *, limit: int
) -> Sequence[PlanRun]:
    """Return what was tried by a draft, the newest first."""
    newest = _runs().where(plan_run.c.draft == draft_id).order_by(plan_run.c.id.desc())
    return [_read(row) for row in await connection.execute(newest.limit(limit))]


async def try_plan(application: Application, cause: Cause, *, run: str) -> int:
    """Carry a run out and store what came of it; answer how many would have gained."""
    id_ = UUID(run)
    async with patient_snapshot(application) as connection:
        asked = await find_plan_run(connection, id_)
        if asked is None or asked.finished_at is not None:
            return 0
        supposed = Supposed(
            change=asked.change,
            plan=asked.plan,
            fee=asked.fee,
            since=asked.since,
            until=asked.asked_at,
        )
        try:
            told = await simulate_plan(connection, application.programme, supposed)
        except benefits.BenefitsError as error:
            await application.database.write(_finish, cause, id_, None, error.code)
            return 0
    await application.database.write(_finish, cause, id_, figures_of(told), None)
    return len(told.gainers)


async def _finish(
    connection: AsyncConnection,
    cause: Cause,
    run: UUID,
    figures: Mapping[str, Any] | None,
    failure: str | None,
) -> None:
    await connection.execute(
        postgresql.insert(plan_run_result)
        .values(run=run, figures=figures, failure=failure, finished_at=cause.at)
        .on_conflict_do_nothing(constraint="plan_run_result_is_written_once")
    )


def _runs() -> Select[*tuple[Any, ...]]:
    result = plan_run_result.c
    return select(*plan_run.c, *(result.figures, result.failure, result.finished_at)).outerjoin(
        plan_run_result, result.run == plan_run.c.id
    )


def _read(row: Row[*tuple[Any, ...]]) -> PlanRun:
    return PlanRun(
        id=row.id,
        draft=row.draft,
        change=benefits.change_from(row.change),
        plan=row.plan,
        fee=row.fee,
        days=row.days,
        asked_at=row.asked_at,
        actor=row.actor,
        finished_at=row.finished_at,
        figures=row.figures,
        failure=row.failure,
    )
