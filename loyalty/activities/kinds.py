"""Which kinds of events there are: five that every shop knows, and those it has named itself.

A kind is a word that rules may name in `on`; what it earns is said by the rules alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.activities.errors import EventKindTaken, EventKindUnknown
from loyalty.activities.tables import activity_kind
from loyalty.cause import Cause
from loyalty.changes import record_change

MOST_KINDS: Final = 1_000


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """A kind of event and what people call it; `built_in` ones are always there."""

    kind: str
    titles: Mapping[str, str]
    built_in: bool = False
    retired_at: datetime | None = None


BUILT_IN: Final[Mapping[str, ActivityKind]] = MappingProxyType(
    {
        kind: ActivityKind(kind, MappingProxyType({"en": english, "zh": chinese}), built_in=True)
        for kind, english, chinese in (
            ("sign-up", "Joined the programme", "注册入会"),
            ("profile-completed", "Completed the profile", "完善资料"),
            ("review-written", "Wrote a review", "撰写评价"),
            ("feedback-given", "Gave feedback", "提交反馈"),
            ("check-in", "Checked in", "签到"),
        )
    }
)


async def list_kinds(connection: AsyncConnection) -> list[ActivityKind]:
    """Return every kind, the shop's own after those that every shop knows."""
    rows = await connection.execute(
        select(activity_kind).order_by(activity_kind.c.kind).limit(MOST_KINDS)
    )
    own = [ActivityKind(row.kind, row.titles, retired_at=row.retired_at) for row in rows]
    return [*BUILT_IN.values(), *own]


async def kind_names(connection: AsyncConnection) -> list[str]:
    """Return the kinds that a rule may name now."""
    return [each.kind for each in await list_kinds(connection) if each.retired_at is None]


async def define_kind(
    connection: AsyncConnection, cause: Cause, kind: str, titles: Mapping[str, str]
) -> ActivityKind:
    """Name a kind of event; the same again changes nothing. Raises EventKindTaken."""
    if kind in BUILT_IN:
        raise EventKindTaken(seen=kind, pointer="/kind")
    made = await connection.execute(
        insert(activity_kind)
        .values(kind=kind, titles=dict(titles), created_at=cause.at, **cause.columns())
        .on_conflict_do_nothing(constraint="activity_kind_named_once")
        .returning(activity_kind.c.kind)
    )
    if made.one_or_none() is None:
        found = await find_kind(connection, kind)
        if found.titles != dict(titles) or found.retired_at is not None:
            raise EventKindTaken(seen=kind, pointer="/kind")
        return found
    await record_change(
        connection,
        cause,
        subject_kind="event-kind",
        subject=kind,
        action="define",
        after={"titles": dict(titles)},
    )
    return ActivityKind(kind, dict(titles))


async def retire_kind(connection: AsyncConnection, cause: Cause, kind: str) -> ActivityKind:
    """Report and name a kind no more; what happened stays. Raises EventKindUnknown."""
    retired = await connection.execute(
        update(activity_kind)
        .where(activity_kind.c.kind == kind, activity_kind.c.retired_at.is_(None))
        .values(retired_at=cause.at)
        .returning(activity_kind.c.kind)
    )
    if retired.one_or_none() is None:
        raise EventKindUnknown(seen=kind)
    await record_change(connection, cause, subject_kind="event-kind", subject=kind, action="retire")
    return await find_kind(connection, kind)


async def find_kind(connection: AsyncConnection, kind: str) -> ActivityKind:
    """Return a kind, also a retired one. Raises EventKindUnknown."""
    if kind in BUILT_IN:
        return BUILT_IN[kind]
    row = (
        await connection.execute(select(activity_kind).where(activity_kind.c.kind == kind))
    ).one_or_none()
    if row is None:
        raise EventKindUnknown(seen=kind)
    return ActivityKind(row.kind, row.titles, retired_at=row.retired_at)
