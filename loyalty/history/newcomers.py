"""Members who are brought along: the rows that joining one by one would have written.

`loyalty.members.join` writes the same ones (tests/loyalty/history proves it); here they are copied
for many members at once. Who is known by orders only has joined with the first of them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.history.copying import copy_rows
from loyalty.ids import new_id
from loyalty.members import Birthday, Consent, MemberClass, email_key, phone_key
from loyalty.members.tables import member_tag
from loyalty.names import EMAIL, HOLDER, MEMBER, PHONE, Name
from loyalty.policy import Policy
from loyalty.tables import change, consent, member, name, profile, profile_history

CLASS: Final[MemberClass] = "consumer"
JOINED: Final = "member.joined"


class Newcomer(NamedTuple):
    """Somebody known by the shop's id, and perhaps by what they told about themselves."""

    external_id: str
    member: UUID
    holder: UUID
    joined_at: datetime
    birthday: Birthday | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None
    class_: MemberClass = CLASS
    consents: tuple[Consent, ...] = ()
    tags: tuple[str, ...] = ()


def newcomer(external_id: str, joined_at: datetime, birthday: Birthday | None = None) -> Newcomer:
    """Give somebody ids."""
    return Newcomer(external_id, new_id(joined_at), new_id(joined_at), joined_at, birthday)


def names_of(one: Newcomer) -> list[Name]:
    """The names that a newcomer takes."""
    names = [
        Name(HOLDER, str(one.holder), one.member, one.holder),
        Name(MEMBER, one.external_id, one.member, one.member),
    ]
    if one.email is not None:
        names.append(Name(EMAIL, email_key(one.email), one.member, one.member))
    if one.phone is not None:
        names.append(Name(PHONE, phone_key(one.phone), one.member, one.member))
    return names


async def copy_names(connection: AsyncConnection, names: Sequence[Name]) -> None:
    """Copy names in their order, so that two such transactions cannot wait for each other."""
    ordered = sorted(names, key=lambda one: (one.kind, one.name))
    rows = [(one.kind, one.name, one.member, one.id) for one in ordered]
    await copy_rows(connection, name, ("kind", "name", "member", "id"), rows)


async def copy_newcomers(
    connection: AsyncConnection, cause: Cause, policy: Policy, found: Sequence[Newcomer]
) -> None:
    """Copy members with their profiles and the trail of their joining."""
    by = (cause.actor, cause.request_id)
    await copy_rows(
        connection,
        member,
        ("id", "holder", "class", "joined_at", "actor", "request_id"),
        [(one.member, one.holder, one.class_, one.joined_at, *by) for one in found],
    )
    await copy_rows(
        connection,
        profile,
        (
            *("member", "email", "phone", "name", "language"),
            *("birth_month", "birth_day", "birth_year", "birthday_changed_on"),
        ),
        [_profile(one, policy) for one in found],
    )
    await copy_rows(
        connection,
        consent,
        ("member", "id", "purpose", "granted", "text_version", "given_at", "actor", "request_id"),
        [
            (one.member, new_id(), *given, cause.at, *by)
            for one in found
            for given in map(_consent, {each.purpose: each for each in one.consents}.values())
        ],
    )
    await _copy_tags(connection, cause, found)
    texts = {one.member: _texts(one, cause.at) for one in found}
    await copy_rows(
        connection,
        profile_history,
        ("member", "id", "field", "after"),
        [
            (whose, kept, field, text)
            for whose, kept_texts in texts.items()
            for field, (kept, text) in kept_texts.items()
        ],
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
                *(_told(one, texts[one.member]), one.joined_at, *by),
            )
            for one in found
        ],
    )


async def _copy_tags(connection: AsyncConnection, cause: Cause, found: Sequence[Newcomer]) -> None:
    columns = ("member", "tag", "given_at", "actor", "request_id")
    given = (cause.at, cause.actor, cause.request_id)
    rows = [(one.member, tag, *given) for one in found for tag in one.tags]
    await copy_rows(connection, member_tag, columns, rows)


Texts = Mapping[str, tuple[UUID, str]]
"""Personal values by field, each with the row of the history that keeps it."""


def _profile(one: Newcomer, policy: Policy) -> tuple[object, ...]:
    told = (one.member, one.email, one.phone, one.name, one.language)
    born = one.birthday
    if born is None:
        return (*told, None, None, None, None)
    return (*told, born.month, born.day, born.year, policy.day_of(one.joined_at))


def _consent(given: Consent) -> tuple[object, ...]:
    return (given.purpose, given.granted, given.text_version)


def _texts(one: Newcomer, at: datetime) -> Texts:
    texts = {
        "external_id": one.external_id,
        "email": one.email,
        "phone": one.phone,
        "name": one.name,
        "birthday": None if one.birthday is None else str(one.birthday),
    }
    return {field: (new_id(at), text) for field, text in texts.items() if text is not None}


def _told(one: Newcomer, texts: Texts) -> str:
    return json.dumps(
        {
            "class": one.class_,
            "joined_at": one.joined_at.isoformat(),
            "language": one.language,
            **({"tags": list(one.tags)} if one.tags else {}),
            **{field: {"history": str(kept)} for field, (kept, _) in texts.items()},
        }
    )
