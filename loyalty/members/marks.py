"""How members are sorted, as rules see it: published to be read together with other things."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import JSON

from loyalty.members.tables import member_list_entry, member_tag
from loyalty.members.types import UNMARKED, Marks


def marks_json(member: ColumnElement[UUID]) -> ColumnElement[Any]:
    """Publish a member's marks as a JSON value for `read_marks`, to be joined."""
    tags = select(member_tag.c.tag).where(member_tag.c.member == member).order_by(member_tag.c.tag)
    lists = (
        select(member_list_entry.c.list)
        .where(member_list_entry.c.member == member)
        .order_by(member_list_entry.c.list)
    )
    arrays = (func.array(each.scalar_subquery()) for each in (tags, lists))
    return func.json_build_array(*arrays, type_=JSON)


def read_marks(stored: Sequence[Sequence[str]]) -> Marks:
    """Build the marks from the JSON that `marks_json` selects."""
    tags, lists = stored
    return Marks(tuple(tags), tuple(lists)) if tags or lists else UNMARKED
