"""Publishing a set so that nothing scheduled for later undoes it.

A set that is to come was made from what was live when it was scheduled. Whatever is published
before its instant is carried into it, rule by rule, as a newer set of the same instant; where the
later set has changed the same rule itself, the later one stands. Nothing published is touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.contents import EMPTY, Contents, carried, contents_of
from benefits.grouping import groups_from
from benefits.rules import (
    find_published_rule_set,
    live_rule_set_version,
    publish_in_turn,
    publish_rule_set,
)
from benefits.tables import rule_set


@dataclass(frozen=True, slots=True)
class Publishing:
    """Who publishes, when, and the words that rules may use then."""

    tiers: Sequence[str]
    zone: str
    actor: str
    at: datetime


async def publish_contents(
    connection: AsyncConnection,
    contents: Contents,
    by: Publishing,
    *,
    live_from: datetime,
    based_on: int | None = None,
) -> int:
    """Publish a set at an instant, carry the change into every later one, return its version.

    Atomic with the caller's transaction. Raises RuleSetMoved where `based_on` is not the newest
    set there is, RuleSetBackdated and RuleRefused.
    """
    await publish_in_turn(connection)
    before = await connection.scalar(live_rule_set_version(live_from))
    was = await read_contents(connection, before)
    coming = await list_coming(connection, after=live_from)
    version = await _publish(connection, contents, by, live_from, based_on)
    for each in coming:
        later = await read_contents(connection, each.rule_set)
        moved = carried(was, contents, later)
        if moved != later:
            await _publish(connection, moved, by, each.at)
    return version


@dataclass(frozen=True, slots=True)
class ComingSet:
    """A rule set that is to be live from an instant to come."""

    rule_set: int
    at: datetime


async def list_coming(connection: AsyncConnection, *, after: datetime) -> list[ComingSet]:
    """The sets that will be live after an instant, in order of time."""
    statement = winning_sets().where(rule_set.c.live_from > after)
    return [ComingSet(row.version, row.live_from) for row in await connection.execute(statement)]


async def read_contents(connection: AsyncConnection, version: int | None) -> Contents:
    """What the set of a version is made of; nothing where there is none."""
    if version is None:
        return EMPTY
    return contents_of(await find_published_rule_set(connection, version))


def winning_sets() -> Select[int, datetime]:
    """Rows `version, live_from`: of the sets of one instant the newest, in order of time."""
    return (
        select(rule_set.c.version, rule_set.c.live_from)
        .ext(distinct_on(rule_set.c.live_from))
        .order_by(rule_set.c.live_from, rule_set.c.version.desc())
    )


async def _publish(
    connection: AsyncConnection,
    contents: Contents,
    by: Publishing,
    live_from: datetime,
    based_on: int | None = None,
) -> int:
    return await publish_rule_set(
        connection,
        list(contents.rules.items()),
        groups=groups_from(contents.groups),
        tiers=by.tiers,
        zone=by.zone,
        live_from=live_from,
        actor=by.actor,
        at=by.at,
        based_on=based_on,
    )
