"""Giving a member tags, and taking them away, for rules to ask for.

What is set replaces what was there. Tags are codes and never personal data; what was taken away is
in the trail only.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.members.changing import refuse_closed
from loyalty.members.tables import member_tag
from loyalty.members.tags import give_tags, read_tags, tags_of
from loyalty.members.types import Member


async def set_tags(
    connection: AsyncConnection, cause: Cause, whose: Member, tags: Collection[str]
) -> Sequence[str]:
    """Let a member, whose row is locked, have these tags and no others.

    The same tags again change nothing. Raises `MemberClosed`, `TagMalformed` and `TooManyTags`.
    """
    refuse_closed(whose)
    after = read_tags(tags)
    before = await tags_of(connection, whose.id)
    added, removed = sorted({*after} - {*before}), sorted({*before} - {*after})
    if not added and not removed:
        return after
    own = member_tag.c
    if removed:
        await connection.execute(
            delete(member_tag).where(own.member == whose.id, own.tag.in_(removed))
        )
    await give_tags(connection, cause, whose.id, added)
    await record_change(
        connection,
        cause,
        subject_kind="member",
        subject=str(whose.id),
        action="set-tags",
        before={"tags": list(before)},
        after={"tags": list(after)},
        member=whose.id,
    )
    happened = Event(
        id=new_id(cause.at),
        member=whose.id,
        type="member.tags-changed",
        effective_at=cause.at,
        data={"added": added, "removed": removed},
    )
    await record_event(connection, cause, happened)
    return after
