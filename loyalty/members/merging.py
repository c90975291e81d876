"""Two members found to be one: everything goes on under one of them, the other is closed.

Points, tier history, names, contacts, vouchers, birthdays, tags, lists and what limits have counted
move in one transaction; orders stay where they were recorded, and what later becomes of them counts
for the survivor. Reads by the old id answer the survivor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
import tiers
from loyalty.billing.merging import pass_on_billing
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id, show
from loyalty.members.changing import refuse_closed, write_profile
from loyalty.members.errors import MemberBlocked, MemberMerged, MergeWithItself
from loyalty.members.joining import give_consents
from loyalty.members.lists import pass_on_lists
from loyalty.members.store import meant_member, members_by_id, profile_of
from loyalty.members.tags import pass_on_tags
from loyalty.members.types import Consent, Member, Profile, Ref
from loyalty.membership.merging import pass_on_memberships
from loyalty.names import EMAIL, MEMBER, PHONE, VOUCHER
from loyalty.policy import Policy, policy_at
from loyalty.rewards.merging import forget_allowances
from loyalty.tables import api_key, birthday_voucher, member, name

_MOVED_NAMES: Final = (MEMBER, EMAIL, PHONE)
_PERSONAL: Final = ("email", "phone", "name", "birthday")
REASON: Final = "merge"


@dataclass(frozen=True, slots=True)
class Merged:
    """Who went on as whom, and what moved: points by asset, debt by asset, vouchers."""

    gone: Member
    into: Member
    points: Mapping[str, int]
    debt: Mapping[str, int]
    vouchers: int
    replayed: bool = False


async def merge_members(
    connection: AsyncConnection,
    cause: Cause,
    gone_ref: Ref,
    into_ref: Ref,
    *,
    reason: str,
    note: str | None = None,
) -> Merged:
    """Let one member go on as another. Merging the same two again changes nothing.

    Raises `MergeWithItself`, `MemberMerged`, `MemberClosed`, `MemberBlocked`, and what the ledger
    refuses: `HoldsOpen` while orders hold points, `WalletFrozen`.
    """
    gone, into = await _lock(connection, gone_ref, into_ref)
    if gone.id == into.id:
        raise MergeWithItself(pointer="/into")
    if gone.merged_into == into.id:
        return Merged(gone, into, {}, {}, 0, replayed=True)
    for one, pointer in ((gone, None), (into, "/into")):
        _refuse(one, pointer)
    policy = await policy_at(connection, cause.at)
    points, debt = await _move_points(connection, cause, gone, into)
    await _merge_standings(connection, cause, policy, gone, into)
    vouchers = await pass_vouchers(connection, gone.id, into.id, at=cause.at)
    await benefits.pass_on_counters(connection, gone.id, into.id, at=cause.at)
    await _move_birthdays(connection, gone, into)
    await pass_on_tags(connection, gone.id, into.id)
    await pass_on_lists(connection, gone.id, into.id)
    await pass_on_billing(connection, gone.id, into.id)
    await pass_on_memberships(connection, gone.id, into.id)
    await forget_allowances(connection, {gone.id, into.id})
    await _move_names(connection, gone, into)
    await _merge_profiles(connection, cause, gone, into)
    survivor = replace(into, joined_at=min(gone.joined_at, into.joined_at))
    closed = replace(gone, closed_at=cause.at, merged_into=into.id)
    await _write(connection, cause, closed, survivor)
    merged = Merged(closed, survivor, points, debt, vouchers)
    await _tell(connection, cause, merged, reason=reason, note=note)
    return merged


async def _lock(connection: AsyncConnection, gone_ref: Ref, into_ref: Ref) -> tuple[Member, Member]:
    """Both members, locked in the order of their ids."""
    ids = [(await meant_member(connection, ref)).id for ref in (gone_ref, into_ref)]
    await connection.execute(
        select(member.c.id)
        .where(member.c.id.in_(ids))
        .order_by(member.c.id)
        .with_for_update(key_share=True)
    )
    found = await members_by_id(connection, ids)
    return found[ids[0]], found[ids[1]]


def _refuse(one: Member, pointer: str | None) -> None:
    if one.merged_into is not None:
        raise MemberMerged(into=show("mem", one.merged_into), pointer=pointer)
    refuse_closed(one)
    if one.class_ == "blocked":
        raise MemberBlocked(seen=show("mem", one.id), pointer=pointer)


async def _move_points(
    connection: AsyncConnection, cause: Cause, gone: Member, into: Member
) -> tuple[dict[str, int], dict[str, int]]:
    """Move every wallet with all its lots, and its debt, through the in-transit account."""
    moves = [
        ledger.Move(
            holder=gone.holder,
            to=into.holder,
            asset=asset,
            key=f"merge:{gone.id}:{into.id}",
            journal=new_id(cause.at),
            arrival=new_id(cause.at),
            effective_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
            reason=REASON,
        )
        for asset in await ledger.assets(connection, gone.holder)
    ]
    points: dict[str, int] = {}
    debt: dict[str, int] = {}
    for move in moves:
        keyed = replace(move, key=f"{move.key}:{move.asset}")
        (outcome,) = await ledger.move(connection, [keyed], at=cause.at)
        if outcome.code == "nothing-to-move":
            continue
        ledger.demand(outcome)
        points[move.asset], debt[move.asset] = outcome.amount, outcome.to_debt
    return points, debt


async def _merge_standings(
    connection: AsyncConnection, cause: Cause, policy: Policy, gone: Member, into: Member
) -> None:
    """Let the survivor stand where both histories together lead; only consumers stand anywhere."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None or into.class_ != "consumer":
        return
    joined = {one.id: policy.day_of(one.joined_at) for one in (gone, into)}
    subjects = await tiers.find_subjects(connection, joined)
    on = policy.day_of(cause.at)
    decision = tiers.merge(ladder, subjects[into.id], subjects[gone.id], on=on)
    await tiers.record(
        connection, [decision], at=cause.at, actor=cause.actor, request_id=cause.request_id
    )


async def pass_vouchers(
    connection: AsyncConnection, gone: UUID, into: UUID, *, at: datetime
) -> int:
    """Pass vouchers on with their codes; again it passes on what orders gave back since."""
    passed = await benefits.pass_on_vouchers(connection, gone, into, at=at)
    if passed:
        await connection.execute(
            update(name)
            .where(name.c.kind == VOUCHER, name.c.member == gone, name.c.id.in_(passed))
            .values(member=into)
        )
    return len(passed)


async def _move_birthdays(connection: AsyncConnection, gone: Member, into: Member) -> None:
    """A person has one birthday a year: what either got counts for the survivor."""
    had = birthday_voucher.c
    theirs = select(literal(into.id), had.year, had.voucher, had.issued_at).where(
        had.member == gone.id
    )
    await connection.execute(
        insert(birthday_voucher)
        .from_select(["member", "year", "voucher", "issued_at"], theirs)
        .on_conflict_do_nothing(constraint="birthday_voucher_comes_once_a_year")
    )


async def _move_names(connection: AsyncConnection, gone: Member, into: Member) -> None:
    """Whoever is looked up by a name of either is found as the survivor."""
    await connection.execute(
        update(name)
        .where(name.c.member == gone.id, name.c.kind.in_(_MOVED_NAMES))
        .values(member=into.id, id=into.id)
    )


async def _merge_profiles(
    connection: AsyncConnection, cause: Cause, gone: Member, into: Member
) -> None:
    """Keep what the survivor told, fill what they left open, and empty the other profile."""
    theirs, own = await profile_of(connection, gone.id), await profile_of(connection, into.id)
    whole = replace(
        own,
        email=own.email or theirs.email,
        phone=own.phone or theirs.phone,
        name=own.name or theirs.name,
        language=own.language or theirs.language,
        birthday=own.birthday or theirs.birthday,
        birthday_changed_on=own.birthday_changed_on or theirs.birthday_changed_on,
    )
    await write_profile(connection, into, whole)
    await write_profile(connection, gone, Profile())
    for one, before, after in ((into, own, whole), (gone, theirs, Profile())):
        changed = {
            field: (_text(was), _text(now))
            for field in _PERSONAL
            if (was := getattr(before, field)) != (now := getattr(after, field))
        }
        await keep_texts(connection, cause, one.id, changed)
    await give_consents(connection, cause, into.id, _consents(own.consents, theirs.consents))


def _consents(own: Sequence[Consent], theirs: Sequence[Consent]) -> list[Consent]:
    """What the survivor answers from now on: a no of either stands, an open question is filled."""
    answered = {consent.purpose: consent for consent in own}
    return [
        consent
        for consent in theirs
        if consent.purpose not in answered
        or (answered[consent.purpose].granted and not consent.granted)
    ]


async def _write(connection: AsyncConnection, cause: Cause, gone: Member, into: Member) -> None:
    await connection.execute(
        update(member)
        .where(member.c.id == gone.id)
        .values(closed_at=gone.closed_at, merged_into=into.id)
    )
    await connection.execute(
        update(member).where(member.c.id == into.id).values(joined_at=into.joined_at)
    )
    # whoever had gone on as this one goes on as the survivor, so one step leads to everybody
    await connection.execute(
        update(member).where(member.c.merged_into == gone.id).values(merged_into=into.id)
    )
    await connection.execute(
        update(api_key)
        .where(api_key.c.member == gone.id, api_key.c.revoked_at.is_(None))
        .values(revoked_at=cause.at)
    )


async def _tell(
    connection: AsyncConnection, cause: Cause, merged: Merged, *, reason: str, note: str | None
) -> None:
    gone, into = merged.gone, merged.into
    said = {} if note is None else {"note": (None, note)}
    kept = await keep_texts(connection, cause, into.id, said)
    figures = {"points": dict(merged.points), "vouchers": merged.vouchers, "reason": reason}
    for one, action, other in ((gone, "merge", into), (into, "absorb", gone)):
        await record_change(
            connection,
            cause,
            subject_kind="member",
            subject=str(one.id),
            action=action,
            before={"joined_at": one.joined_at.isoformat()},
            after={"member": str(other.id), **figures, **kept},
            member=one.id,
        )
    for one, type_, data in (
        (gone, "member.merged", {"into": show("mem", into.id)}),
        (into, "member.absorbed", {"from": show("mem", gone.id)}),
    ):
        happened = Event(
            id=new_id(cause.at), member=one.id, type=type_, effective_at=cause.at, data=data
        )
        await record_event(connection, cause, happened)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
