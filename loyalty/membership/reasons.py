"""Why members leave: a code that stands on the timeline, in an event, and in a plan's figures."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.events import Event, record_events
from loyalty.ids import new_id, show
from loyalty.membership.store import lock_membership, timeline_of
from loyalty.membership.tables import membership, membership_change
from loyalty.membership.telling import price_code
from loyalty.membership.types import PREFIX, Membership, Step
from loyalty.membership.writing import add_step
from loyalty.plans.store import plan_of_price

GIVEN: Final = "reason-given"
"""The cause of the step that says why."""


async def say_why(connection: AsyncConnection, cause: Cause, id_: UUID, reason: str) -> Membership:
    """Keep why a member leaves, whoever charges for it; the same reason again changes nothing."""
    row = await lock_membership(connection, id_)
    said = [step for step in await timeline_of(connection, id_) if step.cause == GIVEN]
    if said and said[-1].data["reason"] == reason:
        return row
    step = Step(GIVEN, cause.at, row.state, row.state, {"reason": reason})
    after = await add_step(connection, cause, row, step)
    told = {
        "membership": show(PREFIX, row.id),
        "plan": row.plan,
        "price": price_code(await plan_of_price(connection, row.price), row),
        "state": row.state,
        "reason": reason,
    }
    event = Event(new_id(cause.at), row.member, "membership.reason-given", cause.at, told)
    await record_events(connection, cause, [event])
    return after


async def reasons_to_leave(
    connection: AsyncConnection, plan: str, begins: datetime, ends: datetime
) -> Mapping[str, int]:
    """Count the reasons of memberships of a plan that ended in [begins, ends): the last of each."""
    said, later = membership_change, membership_change.alias("later")
    after = exists().where(
        later.c.member == said.c.member,
        later.c.membership == said.c.membership,
        later.c.number > said.c.number,
        later.c.cause.in_([GIVEN, "cancel-undone"]),
    )
    reason = said.c.data["reason"].astext
    counted = (
        select(reason, func.count())
        .join(
            membership,
            (membership.c.member == said.c.member) & (membership.c.id == said.c.membership),
        )
        .where(membership.c.plan == plan, membership.c.ended_at >= begins)
        .where(membership.c.ended_at < ends, said.c.cause == GIVEN, ~after)
        .group_by(reason)
        .order_by(reason)
    )
    return {row[0]: row[1] for row in await connection.execute(counted)}
