"""Tags of members as they are stored: words that the shop has for a member."""

import re
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members.errors import TagMalformed, TooManyTags
from loyalty.members.tables import member_tag

MOST_TAGS: Final = 50
_TAG: Final = re.compile("[a-z0-9][a-z0-9-]{0,39}")


def read_tags(tags: Collection[str]) -> tuple[str, ...]:
    """Return tags in their order, each once. Raises `TagMalformed` and `TooManyTags`."""
    for place, tag in enumerate(tags):
        if not _TAG.fullmatch(tag):
            raise TagMalformed(seen=tag[:80], pointer=f"/tags/{place}")
    found = tuple(sorted(set(tags)))
    if len(found) > MOST_TAGS:
        raise TooManyTags(seen=len(found), wanted=MOST_TAGS, pointer="/tags")
    return found


async def tags_of(connection: AsyncConnection, member_id: UUID) -> Sequence[str]:
    """Return a member's tags, in order."""
    theirs = select(member_tag.c.tag).where(member_tag.c.member == member_id)
    return list(await connection.scalars(theirs.order_by(member_tag.c.tag)))


async def give_tags(
    connection: AsyncConnection, cause: Cause, member_id: UUID, tags: Collection[str]
) -> None:
    """Write tags that the member does not have yet; the trail is the caller's."""
    rows = [
        {"member": member_id, "tag": tag, "given_at": cause.at, **cause.columns()} for tag in tags
    ]
    if rows:
        await connection.execute(insert(member_tag), rows)


async def pass_on_tags(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    """Let one member have the tags of another as well, who then has none; both are locked."""
    own = member_tag.c
    moved = ("tag", "given_at", "actor", "request_id")
    theirs = delete(member_tag).where(own.member == gone).returning(*(own[each] for each in moved))
    had = (await connection.execute(theirs)).all()
    if had:
        await connection.execute(
            insert(member_tag).on_conflict_do_nothing(constraint="member_tag_is_given_once"),
            [{"member": into, **dict(zip(moved, row, strict=True))} for row in had],
        )
