"""Stopping a rule by hand, and letting it go on: at once, without publishing anything.

Every switch is a row that is added and never changed; the newest one of a rule holds. What is live
is not touched: a stopped rule stands in its rule set and gives nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, insert, or_, select
from sqlalchemy.dialects.postgresql import JSON, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.rules import find_rule, publish_in_turn
from benefits.tables import rule_switch


@dataclass(frozen=True, slots=True)
class Switch:
    """That a rule was stopped, or goes on: since when, by whom, and why."""

    rule: str
    number: int
    stopped: bool
    reason: str
    at: datetime
    actor: str
    request_id: str


async def switch_rule(
    connection: AsyncConnection,
    rule: str,
    *,
    stopped: bool,
    reason: str,
    at: datetime,
    actor: str,
    request_id: str,
) -> tuple[Switch | None, bool]:
    """Stop a rule or let it go on; answers its newest switch and whether this one is new.

    A rule that stands so already is left as it is; one that was never stopped has no switch.
    Raises RuleNotFound.
    """
    await publish_in_turn(connection)
    await find_rule(connection, rule)
    before = await find_switch(connection, rule)
    if stopped == (before is not None and before.stopped):
        return before, False
    number = 1 if before is None else before.number + 1
    switch = Switch(rule, number, stopped, reason, at, actor, request_id)
    await connection.execute(
        insert(rule_switch).values(
            rule=rule,
            number=number,
            stopped=stopped,
            reason=reason,
            at=at,
            actor=actor,
            request_id=request_id,
        )
    )
    return switch, True


async def find_switch(connection: AsyncConnection, rule: str) -> Switch | None:
    """The newest switch of a rule; None where it was never stopped."""
    statement = (
        select(rule_switch)
        .where(rule_switch.c.rule == rule)
        .order_by(rule_switch.c.number.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).first()
    return None if row is None else Switch(*row)


async def list_switches(
    connection: AsyncConnection, *, after: tuple[str, int] = ("", 0), limit: int = 200
) -> list[Switch]:
    """All switches there ever were, by rule, oldest first."""
    key = (rule_switch.c.rule, rule_switch.c.number)
    statement = (
        select(rule_switch)
        .where(or_(key[0] > after[0], (key[0] == after[0]) & (key[1] > after[1])))
        .order_by(*key)
        .limit(limit)
    )
    return [Switch(*row) for row in await connection.execute(statement)]


async def list_stopped(connection: AsyncConnection) -> list[Switch]:
    """The rules that are stopped now, by name, each with the switch that stopped it."""
    newest = (
        select(rule_switch)
        .ext(distinct_on(rule_switch.c.rule))
        .order_by(rule_switch.c.rule, rule_switch.c.number.desc())
        .subquery("newest")
    )
    statement = select(newest).where(newest.c.stopped).order_by(newest.c.rule)
    return [Switch(*row) for row in await connection.execute(statement)]


def stopped_json(at: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The names of the rules that are stopped, as one JSON value; null where none is.

    As they stood at an instant, or as they stand now where that is null.
    """
    newest = (
        select(rule_switch.c.rule, rule_switch.c.stopped)
        .ext(distinct_on(rule_switch.c.rule))
        .where(or_(at.is_(None), rule_switch.c.at <= at))
        .order_by(rule_switch.c.rule, rule_switch.c.number.desc())
        .subquery("newest")
    )
    return (
        select(func.json_agg(newest.c.rule, type_=JSON)).where(newest.c.stopped).scalar_subquery()
    )
