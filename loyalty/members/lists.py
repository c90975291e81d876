"""Lists of members that somebody uploads under a name, for rules to ask who is on them.

An upload replaces the list as a whole: whoever is not named any more leaves it, the others come in
some thousands at a time, so that no statement takes long. Those whom nobody knows are named in the
answer and do not stand in the way. A merge waits for an upload that is under way, and goes before
the next one.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Delete,
    Select,
    TableValuedAlias,
    Text,
    Uuid,
    column,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.members.errors import MemberListMalformed, MemberListTooLong, UnknownMemberList
from loyalty.members.tables import member_list, member_list_entry
from loyalty.names import MEMBER
from loyalty.schema import Instant
from loyalty.tables import name

MOST_MEMBERS: Final = 100_000
MOST_LISTED: Final = 500
AT_ONCE: Final = 5_000
"""Members whom one statement puts on a list: each has a small part of the time for statements."""
_NAME: Final = re.compile("[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class MemberList:
    """A list as it stands, and how many are on it."""

    name: str
    members: int
    made_at: datetime
    changed_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an upload came to; `unknown` are the shop's ids that no member has."""

    list: MemberList
    added: int
    removed: int
    unknown: tuple[str, ...]


async def upload_list(
    connection: AsyncConnection, cause: Cause, list_name: str, external_ids: Collection[str]
) -> Uploaded:
    """Let these members be on the list and no others; a retired list begins anew.

    Raises `MemberListMalformed` and `MemberListTooLong`.
    """
    if not _NAME.fullmatch(list_name):
        raise MemberListMalformed(seen=list_name[:80])
    wanted = sorted(set(external_ids))
    if len(wanted) > MOST_MEMBERS:
        raise MemberListTooLong(seen=len(wanted), wanted=MOST_MEMBERS, pointer="/members")
    await connection.execute(_made(cause, list_name))
    known = list(await connection.scalars(_known(wanted)))
    removed = await connection.execute(_leave(list_name, known))
    added = 0
    for start in range(0, len(known), AT_ONCE):
        entering = _enter(cause, list_name, known[start : start + AT_ONCE])
        entered = await connection.execute(entering.execution_options(preserve_rowcount=True))
        added += entered.rowcount
    unknown = tuple(await connection.scalars(_unknown(wanted)))
    found = await find_list(connection, list_name)
    done = Uploaded(found, added, removed.rowcount, unknown)
    await _record(connection, cause, "upload", done)
    return done


async def retire_list(connection: AsyncConnection, cause: Cause, list_name: str) -> MemberList:
    """Take everybody off a list, and let it rest. Raises `UnknownMemberList`."""
    found = await connection.scalar(
        select(member_list.c.retired_at.is_not(None))
        .where(member_list.c.name == list_name)
        .with_for_update()
    )
    if found is None:
        raise UnknownMemberList(seen=list_name[:80])
    if not found:
        own = member_list_entry.c
        removed = await connection.execute(delete(member_list_entry).where(own.list == list_name))
        await connection.execute(
            update(member_list).where(member_list.c.name == list_name).values(retired_at=cause.at)
        )
        left = await find_list(connection, list_name)
        await _record(connection, cause, "retire", Uploaded(left, 0, removed.rowcount, ()))
    return await find_list(connection, list_name)


async def find_list(connection: AsyncConnection, list_name: str) -> MemberList:
    """Return a list as it stands. Raises `UnknownMemberList`."""
    row = (await connection.execute(_lists().where(member_list.c.name == list_name))).first()
    if row is None:
        raise UnknownMemberList(seen=list_name[:80])
    return _read(row)


async def list_lists(
    connection: AsyncConnection, *, after: str = "", limit: int = MOST_LISTED
) -> Sequence[MemberList]:
    """Return the lists by name, from after the one named; those that rest too."""
    found = _lists().where(member_list.c.name > after).order_by(member_list.c.name).limit(limit)
    return [_read(row) for row in await connection.execute(found)]


async def list_names(connection: AsyncConnection) -> Sequence[str]:
    """Return the names of the lists that are in use."""
    live = select(member_list.c.name).where(member_list.c.retired_at.is_(None))
    return list(await connection.scalars(live.order_by(member_list.c.name)))


async def lists_of(connection: AsyncConnection, member_id: UUID) -> Sequence[str]:
    """Return the lists that a member is on, by name."""
    own = member_list_entry.c
    theirs = select(own.list).where(own.member == member_id).order_by(own.list)
    return list(await connection.scalars(theirs))


async def pass_on_lists(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    """Put a member on the lists of another, who leaves them; both are locked."""
    own = member_list_entry.c
    lists = select(member_list.c.name).order_by(member_list.c.name)
    await connection.execute(lists.with_for_update(read=True))
    left = delete(member_list_entry).where(own.member == gone).returning(own.list, own.added_at)
    theirs = left.cte("theirs")
    columns = select(literal(into), theirs.c.list, theirs.c.added_at)
    await connection.execute(
        insert(member_list_entry)
        .from_select(["member", "list", "added_at"], columns)
        .on_conflict_do_nothing(constraint="member_list_entry_is_made_once")
    )


def _lists() -> Select[Any]:
    on_it = (
        select(func.count())
        .select_from(member_list_entry)
        .where(member_list_entry.c.list == member_list.c.name)
    )
    own = member_list.c
    return select(
        *(own.name, on_it.scalar_subquery().label("members")),
        *(own.made_at, own.changed_at, own.retired_at),
    )


def _read(row: Row[Any]) -> MemberList:
    return MemberList(row.name, row.members, row.made_at, row.changed_at, row.retired_at)


async def _record(connection: AsyncConnection, cause: Cause, action: str, done: Uploaded) -> None:
    """Tell the trail how many came and went; who they are is not told."""
    await record_change(
        connection,
        cause,
        subject_kind="member-list",
        subject=done.list.name,
        action=action,
        after={
            "members": done.list.members,
            "added": done.added,
            "removed": done.removed,
            "unknown": len(done.unknown),
        },
    )


# --- statements -------------------------------------------------------------------------------


def _made(cause: Cause, list_name: str) -> Insert:
    """Make the list or take it up again; its row stays locked, so uploads go in turn."""
    changed = {"changed_at": cause.at, "retired_at": None, **cause.columns()}
    return (
        insert(member_list)
        .values(name=list_name, made_at=cause.at, **changed)
        .on_conflict_do_update(constraint="member_list_has_one_row_per_name", set_=changed)
    )


def _texts(wanted: Sequence[str]) -> TableValuedAlias:
    return func.unnest(literal(list(wanted), ARRAY(Text))).table_valued("text", name="wanted")


def _known(wanted: Sequence[str]) -> Select[UUID]:
    """The members whom the shop's ids mean, each once, in the order in which rows are locked."""
    texts = _texts(wanted)
    return (
        select(name.c.id)
        .join(texts, texts.c.text == name.c.name)
        .where(name.c.kind == MEMBER)
        .distinct()
        .order_by(name.c.id)
    )


def _ids(known: Sequence[UUID]) -> TableValuedAlias:
    given = func.unnest(literal(known, ARRAY(Uuid)))
    return given.table_valued(column("id", Uuid), name="known").render_derived()


def _unknown(wanted: Sequence[str]) -> Select[Any]:
    texts = _texts(wanted)
    known = select(name.c.id).where(name.c.kind == MEMBER, name.c.name == texts.c.text)
    return select(texts.c.text).where(~known.exists()).order_by(texts.c.text)


def _leave(list_name: str, known: Sequence[UUID]) -> Delete:
    own, ids = member_list_entry.c, _ids(known)
    stays = select(ids.c.id).where(ids.c.id == own.member)
    return delete(member_list_entry).where(own.list == list_name, ~stays.exists())


def _enter(cause: Cause, list_name: str, part: Sequence[UUID]) -> Insert:
    ids = _ids(part)
    rows = select(ids.c.id, literal(list_name, Text), literal(cause.at, Instant))
    return (
        insert(member_list_entry)
        .from_select(["member", "list", "added_at"], rows.order_by(ids.c.id))
        .on_conflict_do_nothing(constraint="member_list_entry_is_made_once")
    )
