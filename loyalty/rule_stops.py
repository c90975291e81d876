"""Stopping a rule by hand at once, letting it go on, and what holding members out of it shows.

Nothing is published: every process learns of it with its next question. What was paid for stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.orders.tables import decision, order
from loyalty.orders.types import OrderState

STOPPED: Final = "rule.stopped"
RESUMED: Final = "rule.resumed"


async def stop_rule(
    connection: AsyncConnection, cause: Cause, rule: str, *, reason: str
) -> benefits.Switch | None:
    """Let a rule give nothing from now on; one that is stopped already stays as it is.

    Answers its newest switch. Raises RuleNotFound.
    """
    return await _switch(connection, cause, rule, reason=reason, stopped=True)


async def resume_rule(
    connection: AsyncConnection, cause: Cause, rule: str, *, reason: str
) -> benefits.Switch | None:
    """Let a stopped rule go on. Answers its newest switch, None for one that was never stopped."""
    return await _switch(connection, cause, rule, reason=reason, stopped=False)


async def _switch(
    connection: AsyncConnection, cause: Cause, rule: str, *, reason: str, stopped: bool
) -> benefits.Switch | None:
    switch, new = await benefits.switch_rule(
        connection,
        rule,
        stopped=stopped,
        reason=reason,
        at=cause.at,
        actor=cause.actor,
        request_id=cause.request_id,
    )
    if switch is not None and new:
        await record_change(
            connection,
            cause,
            subject_kind="rule",
            subject=rule,
            action="stop" if stopped else "resume",
            before={"stopped": not stopped},
            after={"stopped": stopped, "reason": reason},
        )
        # It happens to no member: like a guest's order it stands under an id of its own.
        one = new_id(cause.at)
        data = {"rule": rule, "reason": reason}
        happened = Event(one, one, STOPPED if stopped else RESUMED, cause.at, data)
        await record_event(connection, cause, happened)
    return switch


@dataclass(frozen=True, slots=True)
class Side:
    """What the members of one side bought: how many ordered, how often, and for how much money."""

    members: int = 0
    orders: int = 0
    money: int = 0


@dataclass(frozen=True, slots=True)
class Lift:
    """What those who may have a rule bought, beside those who were held out of it."""

    rule: str
    since: datetime
    share: int | None
    """The share held out by its newest version, in hundredths of a percent."""
    treated: Side
    held_out: Side


async def find_lift(connection: AsyncConnection, rule: str, *, since: datetime) -> Lift:
    """Compare the members' orders since an instant, cancelled ones left out, as they were decided.

    Counted are orders under rule sets in which the rule held members out, whether or not it would
    have given anything: who is held out is chance, what they buy is not. Raises RuleNotFound.
    """
    newest = await benefits.find_rule(connection, rule)
    held = func.coalesce(decision.c.facts["held_out"].contains([rule]), False).label("held")
    rows = await connection.execute(
        select(
            held,
            func.count(order.c.member.distinct()),
            func.count(),
            func.sum(order.c.total),
        )
        .select_from(order)
        .join(decision, (decision.c.member == order.c.member) & (decision.c.order_id == order.c.id))
        .where(
            order.c.placed_at >= since,
            order.c.guest.is_(False),
            order.c.state != OrderState.CANCELLED.value,
            order.c.rule_set.in_(benefits.sets_holding_out(rule)),
        )
        .group_by(held)
    )
    sides: Mapping[bool, Side] = {row[0]: Side(row[1], row[2], int(row[3])) for row in rows}
    return Lift(
        rule=rule,
        since=since,
        share=benefits.share_held_out(newest.document),
        treated=sides.get(False, Side()),
        held_out=sides.get(True, Side()),
    )
