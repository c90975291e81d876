"""Members who join with their history: the rows that joining one by one would have written.

`loyalty.members.join` writes the same ones (tests/loyalty/history proves it); here they are copied
for many members at once. A newcomer joined with their first order.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.history.copying import copy_rows
from loyalty.ids import new_id
from loyalty.names import HOLDER, MEMBER, Name
from loyalty.tables import change, member, name, profile, profile_history

CLASS: Final = "consumer"
JOINED: Final = "member.joined"


class Newcomer(NamedTuple):
    """Somebody known by the shop's id only."""

    external_id: str
    member: UUID
    holder: UUID
    joined_at: datetime


def newcomer(external_id: str, joined_at: datetime) -> Newcomer:
    """Give somebody ids."""
    return Newcomer(external_id, new_id(joined_at), new_id(joined_at), joined_at)


def names_of(one: Newcomer) -> list[Name]:
    """The names that a newcomer takes."""
    return [
        Name(HOLDER, str(one.holder), one.member, one.holder),
        Name(MEMBER, one.external_id, one.member, one.member),
    ]


async def copy_names(connection: AsyncConnection, names: Sequence[Name]) -> None:
    """Copy names in their order, so that two such transactions cannot wait for each other."""
    ordered = sorted(names, key=lambda one: (one.kind, one.name))
    rows = [(one.kind, one.name, one.member, one.id) for one in ordered]
    await copy_rows(connection, name, ("kind", "name", "member", "id"), rows)


async def copy_newcomers(
    connection: AsyncConnection, cause: Cause, found: Sequence[Newcomer]
) -> None:
    """Copy members with their profiles and the trail of their joining."""
    by = (cause.actor, cause.request_id)
    kept = {one.member: new_id(cause.at) for one in found}
    await copy_rows(
        connection,
        member,
        ("id", "holder", "class", "joined_at", "actor", "request_id"),
        [(one.member, one.holder, CLASS, one.joined_at, *by) for one in found],
    )
    await copy_rows(connection, profile, ("member",), [(one.member,) for one in found])
    await copy_rows(
        connection,
        profile_history,
        ("member", "id", "field", "after"),
        [(one.member, kept[one.member], "external_id", one.external_id) for one in found],
    )
    await copy_rows(
        connection,
        change,
        (
            *("id", "member", "subject_kind", "subject", "action", "after"),
            *("effective_at", "actor", "request_id"),
        ),
        [
            (
                *(new_id(cause.at), one.member, "member", str(one.member), "join"),
                *(_told(one, kept[one.member]), one.joined_at, *by),
            )
            for one in found
        ],
    )


def _told(one: Newcomer, kept: UUID) -> str:
    return json.dumps(
        {
            "class": CLASS,
            "joined_at": one.joined_at.isoformat(),
            "language": None,
            "external_id": {"history": str(kept)},
        }
    )
