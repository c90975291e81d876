"""Members as they are stored: found by any of their names, locked, described."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.members.errors import UnknownMember
from loyalty.members.types import (
    Birthday,
    Consent,
    Member,
    MemberClass,
    Profile,
    Ref,
    email_key,
    phone_key,
    read_order_ref,
    unknown,
)
from loyalty.names import EMAIL, MEMBER, ORDER, PHONE, names_of
from loyalty.tables import consent, member, name, profile

MOST_FOUND: Final = 20


async def find_member(connection: AsyncConnection, ref: Ref) -> Member:
    """Return the member that is meant, or raise `UnknownMember`.

    One who was merged is answered as whom they go on; merges may follow one another.
    """
    return await survivor_of(connection, await meant_member(connection, ref))


async def survivor_of(connection: AsyncConnection, whose: Member) -> Member:
    """Return as whom a member goes on; themselves when they were not merged."""
    while whose.merged_into is not None:
        whose = (await members_by_id(connection, [whose.merged_into]))[whose.merged_into]
    return whose


async def meant_member(connection: AsyncConnection, ref: Ref) -> Member:
    """Return the very member that is meant, merged or not."""
    found = (await connection.execute(_meant(ref))).one_or_none()
    if found is None:
        raise unknown(ref)
    return read_member(found)


async def members_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> Mapping[UUID, Member]:
    """Return the very members of these ids, merged or not."""
    found = await connection.execute(_members.where(member.c.id.in_(ids)))
    return {row.id: read_member(row) for row in found}


async def absorbed_members(connection: AsyncConnection, into: UUID) -> Sequence[UUID]:
    """Return the members who go on as this one."""
    theirs = select(member.c.id).where(member.c.merged_into == into).order_by(member.c.id)
    return list(await connection.scalars(theirs))


async def lock_member(connection: AsyncConnection, ref: Ref) -> Member:
    """Return the member with their row locked: the first statement of a write about them."""
    found = (
        await connection.execute(_meant(ref).with_for_update(key_share=True, of=member))
    ).one_or_none()
    if found is None:
        raise unknown(ref)
    return read_member(found)


async def member_of_holder(connection: AsyncConnection, holder: UUID) -> Member | None:
    """Return whose wallet it is."""
    found = (await connection.execute(_members.where(member.c.holder == holder))).first()
    return None if found is None else read_member(found)


async def find_members(
    connection: AsyncConnection,
    *,
    email: str | None = None,
    phone: str | None = None,
    order: str | None = None,
    external_id: str | None = None,
) -> Sequence[Member]:
    """Return the members that carry every name given; none when none is given."""
    wanted: list[tuple[str, str]] = []
    if email is not None:
        wanted.append((EMAIL, email_key(email)))
    if phone is not None:
        wanted.append((PHONE, phone_key(phone)))
    if external_id is not None:
        wanted.append((MEMBER, external_id))
    query = _members.limit(MOST_FOUND).order_by(member.c.id)
    for kind, text in wanted:
        query = query.where(
            member.c.id.in_(select(name.c.member).where(name.c.kind == kind, name.c.name == text))
        )
    if order is not None:
        query = query.where(member.c.id.in_(_whose_order(order)))
    elif not wanted:
        return ()
    found = [read_member(row) for row in await connection.execute(query)]
    return [await survivor_of(connection, one) for one in found]


async def profile_of(connection: AsyncConnection, member_id: UUID) -> Profile:
    """Return what is known of a member; empty when nothing is."""
    row = (
        await connection.execute(select(profile).where(profile.c.member == member_id))
    ).one_or_none()
    return read_profile(
        row,
        external_ids=await names_of(connection, member_id, MEMBER),
        consents=await consents_of(connection, member_id),
    )


async def consents_of(connection: AsyncConnection, member_id: UUID) -> Sequence[Consent]:
    """Return the latest answer for every purpose."""
    rows = await connection.execute(
        select(consent.c.purpose, consent.c.granted, consent.c.text_version)
        .ext(distinct_on(consent.c.purpose))
        .where(consent.c.member == member_id)
        .order_by(consent.c.purpose, consent.c.id.desc())
    )
    return [Consent(*row) for row in rows]


async def count_members(connection: AsyncConnection) -> int:
    """Return how many members have joined and not left."""
    counted = await connection.scalar(
        select(func.count()).select_from(member).where(member.c.closed_at.is_(None))
    )
    return counted or 0


async def list_members(
    connection: AsyncConnection, *, limit: int, after: UUID | None = None
) -> Sequence[Member]:
    """Return members in order of joining the table, from after the one named."""
    query = _members.order_by(member.c.id).limit(limit)
    if after is not None:
        query = query.where(member.c.id > after)
    return [read_member(row) for row in await connection.execute(query)]


def read_member(row: Row[*tuple[Any, ...]]) -> Member:
    """Build the value from a row that has the columns of `member`."""
    return Member(
        id=row.id,
        holder=row.holder,
        class_=cast("MemberClass", row.class_),
        joined_at=row.joined_at,
        closed_at=row.closed_at,
        merged_into=row.merged_into,
    )


def read_profile(
    row: Row[*tuple[Any, ...]] | None,
    *,
    external_ids: Sequence[str] = (),
    consents: Sequence[Consent] = (),
) -> Profile:
    """Build the value from a row of `profile`, which may be missing."""
    if row is None:
        return Profile(external_ids=tuple(external_ids), consents=tuple(consents))
    born = row.birth_month is not None
    return Profile(
        email=row.email,
        phone=row.phone,
        name=row.name,
        birthday=Birthday(row.birth_month, row.birth_day, row.birth_year) if born else None,
        birthday_changed_on=row.birthday_changed_on,
        language=row.language,
        external_ids=tuple(external_ids),
        consents=tuple(consents),
    )


_members: Final = select(
    member.c.id,
    member.c.holder,
    member.c.class_.label("class_"),
    member.c.joined_at,
    member.c.closed_at,
    member.c.merged_into,
)


def _meant(ref: Ref) -> Select[*tuple[Any, ...]]:
    if ref.kind != "member":
        raise UnknownMember(seen=ref.text[:80])
    if ref.external is None:
        return _members.where(member.c.id == ref.id)
    named = select(name.c.member).where(name.c.kind == MEMBER, name.c.name == ref.external)
    return _members.where(member.c.id == named.scalar_subquery())


def _whose_order(text: str) -> Select[UUID | None]:
    ours = text.startswith(("ext:", "ord_"))
    ref = read_order_ref(text if ours else f"ext:{text}")
    whose = select(name.c.member).where(name.c.kind == ORDER)
    if ref.id is not None:
        return whose.where(name.c.id == ref.id)
    return whose.where(name.c.name == ref.external)
