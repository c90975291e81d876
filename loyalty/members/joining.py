"""Joining the programme: a member, their names, their profile and the bottom of the ladder.

Joining again under the same external id with nothing different is the same joining; with
something different it is refused, naming the field. A contact belongs to one member.
"""

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.members.errors import JoinedWithOtherContent, NameTaken, TooYoung
from loyalty.members.store import find_member, profile_of
from loyalty.members.tags import give_tags, read_tags, tags_of
from loyalty.members.types import (
    Birthday,
    Consent,
    Joining,
    Member,
    Ref,
    email_key,
    phone_key,
)
from loyalty.names import EMAIL, HOLDER, MEMBER, PHONE, Name, give_back, take_names
from loyalty.policy import Policy, policy_at
from loyalty.tables import consent, member, profile

_POINTERS = {MEMBER: "/external_id", EMAIL: "/email", PHONE: "/phone"}


async def join(connection: AsyncConnection, cause: Cause, joining: Joining) -> Member:
    """Make somebody a member, or return the member who joined under this external id before."""
    policy = await policy_at(connection, cause.at)
    check_age(policy, joining.birthday, cause)
    tags = read_tags(joining.tags)
    joined_at = joining.joined_at or cause.at
    new = Member(
        id=new_id(cause.at), holder=new_id(cause.at), class_=joining.class_, joined_at=joined_at
    )
    names = _names(new, joining)
    taken = await take_names(connection, names)
    if any(refused.kind == MEMBER for refused in taken):
        # What was free was taken for somebody who does not come into being.
        await give_back(connection, [one for one in names if one not in taken])
        return await _joined_before(connection, joining)
    for refused in taken:
        raise NameTaken(kind=refused.kind, pointer=_POINTERS[refused.kind])
    await connection.execute(
        insert(member).values(
            id=new.id,
            holder=new.holder,
            class_=new.class_,
            joined_at=joined_at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await _write_profile(connection, cause, policy, new, joining)
    await give_consents(connection, cause, new.id, joining.consents)
    await give_tags(connection, cause, new.id, tags)
    if new.class_ == "consumer":
        await _enter_ladder(connection, cause, policy, new)
    await record_event(
        connection,
        cause,
        Event(
            id=new_id(cause.at),
            member=new.id,
            type="member.joined",
            effective_at=joined_at,
            data={"class": new.class_, **({"tags": list(tags)} if tags else {})},
        ),
    )
    return new


def check_age(policy: Policy, birthday: Birthday | None, cause: Cause) -> None:
    """Refuse a birthday that makes its owner younger than the programme admits."""
    if birthday is not None:
        age = birthday.age_on(policy.day_of(cause.at))
        if age is not None and age < policy.minimum_age:
            raise TooYoung(minimum_age=policy.minimum_age, pointer="/birthday/year")


async def give_consents(
    connection: AsyncConnection, cause: Cause, member_id: UUID, given: Sequence[Consent]
) -> None:
    """Record a member's answers; of two to one purpose the later one stands."""
    latest = {answer.purpose: answer for answer in given}
    if latest:
        await connection.execute(
            insert(consent),
            [
                {
                    "member": member_id,
                    "id": new_id(),
                    "purpose": answer.purpose,
                    "granted": answer.granted,
                    "text_version": answer.text_version,
                    "given_at": cause.at,
                    **cause.columns(),
                }
                for answer in latest.values()
            ],
        )


def _names(new: Member, joining: Joining) -> list[Name]:
    names = [Name(HOLDER, str(new.holder), new.id, new.holder)]
    if joining.external_id is not None:
        names.append(Name(MEMBER, joining.external_id, new.id, new.id))
    if joining.email is not None:
        names.append(Name(EMAIL, email_key(joining.email), new.id, new.id))
    if joining.phone is not None:
        names.append(Name(PHONE, phone_key(joining.phone), new.id, new.id))
    return names


async def _joined_before(connection: AsyncConnection, joining: Joining) -> Member:
    ref = Ref(kind="member", text=f"ext:{joining.external_id}", external=joining.external_id)
    before = await find_member(connection, ref)
    known = await profile_of(connection, before.id)
    for field, was, now in (
        ("class", before.class_, joining.class_),
        ("email", known.email, joining.email),
        ("phone", known.phone, joining.phone),
        ("name", known.name, joining.name),
        ("birthday", known.birthday, joining.birthday),
        ("language", known.language, joining.language),
        ("joined_at", before.joined_at, joining.joined_at or before.joined_at),
        ("tags", *await _tags_before(connection, before, joining)),
    ):
        if was != now:
            raise JoinedWithOtherContent(field=field, pointer=f"/{field}")
    return before


async def _tags_before(
    connection: AsyncConnection, before: Member, joining: Joining
) -> tuple[Sequence[str], Sequence[str]]:
    """The tags that a member has, and those asked for; without any there is nothing to compare."""
    if not joining.tags:
        return (), ()
    return await tags_of(connection, before.id), list(read_tags(joining.tags))


async def _write_profile(
    connection: AsyncConnection, cause: Cause, policy: Policy, new: Member, joining: Joining
) -> None:
    born = joining.birthday
    await connection.execute(
        insert(profile).values(
            member=new.id,
            email=joining.email,
            phone=joining.phone,
            name=joining.name,
            birth_month=born.month if born else None,
            birth_day=born.day if born else None,
            birth_year=born.year if born else None,
            birthday_changed_on=policy.day_of(new.joined_at) if born else None,
            language=joining.language,
        )
    )
    texts = {
        "external_id": joining.external_id,
        "email": joining.email,
        "phone": joining.phone,
        "name": joining.name,
        "birthday": None if born is None else str(born),
    }
    kept = await keep_texts(
        connection,
        cause,
        new.id,
        {field: (None, text) for field, text in texts.items() if text is not None},
    )
    await record_change(
        connection,
        cause,
        subject_kind="member",
        subject=str(new.id),
        action="join",
        after={
            "class": new.class_,
            "joined_at": new.joined_at.astimezone(UTC).isoformat(),
            "language": joining.language,
            **({"tags": sorted(set(joining.tags))} if joining.tags else {}),
            **kept,
        },
        member=new.id,
    )


async def _enter_ladder(
    connection: AsyncConnection, cause: Cause, policy: Policy, new: Member
) -> None:
    ladder = await tiers.live_ladder(connection)
    if ladder is not None:
        begun = tiers.begin(ladder, member=new.id, joined_on=policy.day_of(new.joined_at))
        await tiers.record(
            connection, [begun], at=cause.at, actor=cause.actor, request_id=cause.request_id
        )
