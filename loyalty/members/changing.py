"""Changes to a member after joining: profile, class, consent, leaving the programme.

Each function expects the member's row to be locked by the caller's first statement, and writes
the audit row with the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Final

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id, show
from loyalty.members.errors import MemberClosed, MemberMerged, NameTaken
from loyalty.members.joining import check_age, give_consents
from loyalty.members.store import profile_of
from loyalty.members.types import (
    Birthday,
    Consent,
    Member,
    MemberClass,
    Profile,
    email_key,
    phone_key,
)
from loyalty.names import EMAIL, PHONE, Name, give_back, take_names
from loyalty.policy import policy_at
from loyalty.tables import member, profile


class Unchanged(Enum):
    """Says that a patch leaves a field as it is; None empties it."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class ProfilePatch:
    """What changes in a profile."""

    email: str | Unchanged | None = UNCHANGED
    phone: str | Unchanged | None = UNCHANGED
    name: str | Unchanged | None = UNCHANGED
    birthday: Birthday | Unchanged | None = UNCHANGED
    language: str | Unchanged | None = UNCHANGED
    consents: tuple[Consent, ...] = ()


async def update_profile(
    connection: AsyncConnection, cause: Cause, whose: Member, patch: ProfilePatch
) -> Profile:
    """Change what the patch names and return the profile as it then is."""
    refuse_closed(whose)
    policy = await policy_at(connection, cause.at)
    before = await profile_of(connection, whose.id)
    after = _patched(before, patch, policy.day_of(cause.at))
    if after.birthday != before.birthday:
        check_age(policy, after.birthday, cause)
    await _move_names(connection, whose, before, after)
    await give_consents(connection, cause, whose.id, patch.consents)
    if _texts(before) != _texts(after) or before.language != after.language:
        await write_profile(connection, whose, after)
        await _tell(connection, cause, whose, before, after)
    for answer in patch.consents:
        await record_change(
            connection,
            cause,
            subject_kind="consent",
            subject=f"{whose.id}/{answer.purpose}",
            action="grant" if answer.granted else "withdraw",
            after={"text_version": answer.text_version},
            member=whose.id,
        )
    return await profile_of(connection, whose.id)


async def change_class(
    connection: AsyncConnection, cause: Cause, whose: Member, class_: MemberClass
) -> Member:
    """Put a member into another class; the same class changes nothing."""
    refuse_closed(whose)
    if class_ == whose.class_:
        return whose
    await connection.execute(update(member).where(member.c.id == whose.id).values(class_=class_))
    await record_change(
        connection,
        cause,
        subject_kind="member",
        subject=str(whose.id),
        action="change-class",
        before={"class": whose.class_},
        after={"class": class_},
        member=whose.id,
    )
    await _event(connection, cause, whose, "member.class-changed", {"class": class_})
    return replace(whose, class_=class_)


async def close_member(
    connection: AsyncConnection, cause: Cause, whose: Member, *, reason: str
) -> Member:
    """Let a member leave; closing twice changes nothing. What they have stays on record."""
    if whose.closed_at is not None:
        return whose
    await connection.execute(
        update(member).where(member.c.id == whose.id).values(closed_at=cause.at)
    )
    await record_change(
        connection,
        cause,
        subject_kind="member",
        subject=str(whose.id),
        action="close",
        after={"closed_at": cause.at.isoformat(), "reason": reason},
        member=whose.id,
    )
    await _event(connection, cause, whose, "member.closed", {"reason": reason})
    return replace(whose, closed_at=cause.at)


def refuse_closed(whose: Member) -> None:
    """Refuse to go on about a member who has left, or who goes on as another."""
    if whose.merged_into is not None:
        raise MemberMerged(into=show("mem", whose.merged_into))
    if whose.closed_at is not None:
        raise MemberClosed(closed_on=whose.closed_at.date().isoformat())


def _patched(before: Profile, patch: ProfilePatch, today: date) -> Profile:
    given = {
        field: value
        for field in ("email", "phone", "name", "birthday", "language")
        if not isinstance(value := getattr(patch, field), Unchanged)
    }
    after: Profile = replace(before, **given)
    if after.birthday != before.birthday:
        after = replace(after, birthday_changed_on=today if after.birthday else None)
    return after


async def _move_names(
    connection: AsyncConnection, whose: Member, before: Profile, after: Profile
) -> None:
    for kind, key, was, now in (
        (EMAIL, email_key, before.email, after.email),
        (PHONE, phone_key, before.phone, after.phone),
    ):
        old = None if was is None else key(was)
        new = None if now is None else key(now)
        if old == new:
            continue
        if new is not None and await take_names(connection, [Name(kind, new, whose.id, whose.id)]):
            raise NameTaken(kind=kind, pointer=f"/{kind}")
        if old is not None:
            await give_back(connection, [Name(kind, old, whose.id, whose.id)])


async def write_profile(connection: AsyncConnection, whose: Member, after: Profile) -> None:
    """Write a profile as it is to be; the trail is the caller's."""
    born = after.birthday
    values = {
        "email": after.email,
        "phone": after.phone,
        "name": after.name,
        "birth_month": born.month if born else None,
        "birth_day": born.day if born else None,
        "birth_year": born.year if born else None,
        "birthday_changed_on": after.birthday_changed_on,
        "language": after.language,
    }
    await connection.execute(
        insert(profile)
        .values(member=whose.id, **values)
        .on_conflict_do_update(constraint="profile_has_one_row_per_member", set_=values)
    )


async def _tell(
    connection: AsyncConnection, cause: Cause, whose: Member, before: Profile, after: Profile
) -> None:
    was, now = _texts(before), _texts(after)
    changed = {field: (was[field], now[field]) for field in now if was[field] != now[field]}
    kept = await keep_texts(connection, cause, whose.id, changed)
    fields = sorted(changed)
    seen: dict[str, object] = dict(kept)
    then: dict[str, object] = dict(kept)
    if before.language != after.language:
        seen["language"], then["language"] = before.language, after.language
        fields.append("language")
    await record_change(
        connection,
        cause,
        subject_kind="member",
        subject=str(whose.id),
        action="update-profile",
        before=seen,
        after=then,
        member=whose.id,
    )
    await _event(connection, cause, whose, "member.profile-changed", {"fields": fields})


async def _event(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    type_: str,
    data: Mapping[str, object],
) -> None:
    happened = Event(
        id=new_id(cause.at), member=whose.id, type=type_, effective_at=cause.at, data=data
    )
    await record_event(connection, cause, happened)


def _texts(known: Profile) -> dict[str, str | None]:
    return {
        "email": known.email,
        "phone": known.phone,
        "name": known.name,
        "birthday": None if known.birthday is None else str(known.birthday),
    }
