"""Asking for a dry run over all past orders: a job, because deciding them takes its time."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.dry_runs.running import JOB
from loyalty.dry_runs.sets import sets_of
from loyalty.dry_runs.tables import dry_run
from loyalty.dry_runs.types import DryRun, ShopPriced
from loyalty.ids import new_id
from loyalty.jobs.queue import enqueue


async def ask_for_dry_run(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    draft_id: UUID,
    *,
    days: int,
    shop_priced: ShopPriced = "earning",
) -> DryRun:
    """Let a worker try a draft, as it is now, on the orders of the last days.

    Raises RuleDraftUnknown, and the first thing that stands in the way of the draft.
    """
    draft = await benefits.find_rule_draft(connection, draft_id)
    sets = await sets_of(connection, programme, cause.at, draft.change)
    asked = DryRun(
        id=new_id(cause.at),
        draft=draft_id,
        change=draft.change,
        rule_set=sets.version,
        since=cause.at - timedelta(days=days),
        until=cause.at,
        days=days,
        shop_priced=shop_priced,
        asked_at=cause.at,
        actor=cause.actor,
    )
    await connection.execute(
        insert(dry_run).values(
            id=asked.id,
            draft=draft_id,
            change=benefits.change_document(draft.change),
            rule_set=asked.rule_set,
            since=asked.since,
            until=asked.until,
            days=days,
            shop_priced=shop_priced,
            asked_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await enqueue(connection, JOB, {"run": str(asked.id)}, in_turn=JOB)
    return asked
