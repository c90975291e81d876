"""Tables of how members are sorted: their tags, and the uploaded lists that they are on.

Rows say what holds now, and go when it no longer does; the trail of changes and the events tell
what was.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
)

from loyalty.schema import Instant, Key, metadata
from loyalty.tables import member

PROGRAMME_WIDE: Final = frozenset({"member_list"})  # which lists there are

_CODE: Final = "^[a-z0-9][a-z0-9-]{0,39}$"


class _MemberTagColumns(TypedColumns):
    member: Named[UUID]
    tag: Named[str] = Column(Key)
    given_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: A word that the shop has for a member; rules ask for it.
member_tag: Final = Table(
    "member_tag",
    metadata,
    _MemberTagColumns,
    PrimaryKeyConstraint("member", "tag", name="member_tag_is_given_once"),
    ForeignKeyConstraint(["member"], [member.c.id], name="member_tag_is_of_a_member"),
    CheckConstraint(f"tag ~ '{_CODE}'", name="member_tag_is_a_code"),
    Index("member_tag_by_tag", "tag", "member"),
)


class _MemberListColumns(TypedColumns):
    name: Named[str] = Column(Key)
    made_at: Named[datetime] = Column(Instant)
    changed_at: Named[datetime] = Column(Instant)
    retired_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: A list of members that was uploaded; one that is retired has nobody on it.
member_list: Final = Table(
    "member_list",
    metadata,
    _MemberListColumns,
    PrimaryKeyConstraint("name", name="member_list_has_one_row_per_name"),
    CheckConstraint(f"name ~ '{_CODE}'", name="member_list_name_is_a_code"),
    CheckConstraint("changed_at >= made_at", name="member_list_changes_after_it_was_made"),
    CheckConstraint("retired_at >= made_at", name="member_list_is_retired_after_it_was_made"),
)


class _MemberListEntryColumns(TypedColumns):
    member: Named[UUID]
    list: Named[str] = Column(Key)
    added_at: Named[datetime] = Column(Instant)


#: Who is on a list now.
member_list_entry: Final = Table(
    "member_list_entry",
    metadata,
    _MemberListEntryColumns,
    PrimaryKeyConstraint("member", "list", name="member_list_entry_is_made_once"),
    ForeignKeyConstraint(["member"], [member.c.id], name="member_list_entry_is_of_a_member"),
    ForeignKeyConstraint(["list"], [member_list.c.name], name="member_list_entry_is_of_a_list"),
    Index("member_list_entry_by_list", "list", "member"),
)
