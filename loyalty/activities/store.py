"""Reads and writes events of members: one statement to look, one to write."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, bindparam, exists, func, insert, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.activities.errors import EventConflict
from loyalty.activities.tables import activity, activity_kind
from loyalty.activities.types import EVENT, Activity
from loyalty.cause import Cause
from loyalty.events import Event, events_insert
from loyalty.idempotency import Answer, Attempt, answer_insert
from loyalty.tables import name

Kept = tuple[Attempt, Answer] | None
"""The answer to keep under its idempotency key together with the rows, if there is one."""

_ONE: Final = literal(1).label("one")
_KIND: Final = bindparam("kind", type_=Text)
_NAME: Final = bindparam("name", type_=Text)


async def look(
    connection: AsyncConnection, *, event: str, kind: str
) -> tuple[bool, Activity | None, UUID | None]:
    """Whether the shop has named the kind, the event if it is here, and whose it is by now."""
    here = (
        select(activity)
        .join(name, (name.c.id == activity.c.id) & (name.c.member == activity.c.member))
        .where(name.c.kind == literal(EVENT, Text), name.c.name == _NAME)
        .subquery("here")
    )
    named = exists().where(activity_kind.c.kind == _KIND, activity_kind.c.retired_at.is_(None))
    one = select(named.label("named")).subquery("one")
    statement = select(
        one.c.named, *here.c, func.loyalty.survivor(here.c.member).label("whose")
    ).select_from(one.outerjoin(here, literal(value=True)))
    row = (await connection.execute(statement, {"kind": kind, "name": event})).mappings().one()
    return row["named"], None if row["id"] is None else _read(row), row["whose"]


async def write_activity(
    connection: AsyncConnection,
    cause: Cause,
    one: Activity,
    happened: Event,
    *,
    name_: str,
    kept: Kept = None,
) -> None:
    """Write an event with its name, what it tells the world, and the answer.

    Raises EventConflict where the name stands for another member's event meanwhile.
    """
    named = (
        postgresql.insert(name)
        .values(kind=EVENT, name=name_, member=one.member, id=one.id)
        .on_conflict_do_nothing(constraint="name_is_taken_once")
        .returning(name.c.id)
        .cte("named")
    )
    told, rows = events_insert(cause, [happened])
    others = [
        insert(activity).values(**_columns(one), **cause.columns()).returning(_ONE).cte("wrote"),
        told.returning(_ONE).cte("told"),
    ]
    if kept is not None:
        others.append(answer_insert(*kept).returning(_ONE).cte("answered"))
    taken = await connection.execute(select(named.c.id).add_cte(*others), {"events": rows})
    if taken.one_or_none() is None:
        raise EventConflict(field="member", seen="another", wanted="this one", pointer="/member")


async def list_activities(
    connection: AsyncConnection,
    members: Collection[UUID],
    *,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Activity]:
    """The events of a member, and of those who were merged into them; newest first."""
    statement = (
        select(activity)
        .where(activity.c.member.in_(members))
        .order_by(activity.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(activity.c.id < before)
    return [_read(row) for row in (await connection.execute(statement)).mappings()]


def _columns(one: Activity) -> Mapping[str, Any]:
    return {field: getattr(one, field) for field in one.__slots__}


def _read(row: Mapping[Any, Any]) -> Activity:
    return Activity(**{field: row[field] for field in Activity.__slots__})


def told_of(one: Activity, *, id_: UUID, shown: str, activates_at: datetime | None) -> Event:
    """What the world is told of an event."""
    data = {
        "event": shown,
        "kind": one.kind,
        "points_earned": one.points,
        "activates_at": None if activates_at is None else activates_at.isoformat(),
    }
    return Event(id_, one.member, "member.acted", one.occurred_at, data)
