"""What must hold among the programme's own rows; the verifier of the `loyalty` schema.

Each check is one statement that returns the first row that breaks it, and nothing when none does.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from sqlalchemy import and_, cast, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from loyalty.checks import Broken, Check, Checks, first_broken_by
from loyalty.exports.tables import export
from loyalty.issuing.verify import CHECKS as BATCH_CHECKS
from loyalty.names import EMAIL, HOLDER, MEMBER, PHONE
from loyalty.outbox.tables import message
from loyalty.reconciliation.tables import reconciliation, reconciliation_item
from loyalty.tables import answer, event, live_version, member, name, policy, profile, signing_key


async def first_broken(connection: AsyncConnection) -> Mapping[str, Broken]:
    """Return, by check, the first row that breaks it."""
    return await first_broken_by(connection, CHECKS)


def _holder_is_named() -> Check:
    named = exists().where(
        name.c.kind == HOLDER,
        name.c.name == cast(member.c.holder, Text),
        name.c.member == member.c.id,
    )
    return select(member.c.id, member.c.holder).where(~named)


def _name_resolves() -> Check:
    known = exists().where(member.c.id == name.c.member)
    lost = and_(name.c.kind.in_([MEMBER, EMAIL, PHONE, HOLDER]), name.c.member.is_(None))
    return select(name.c.kind, name.c.id).where(or_(lost, and_(name.c.member.is_not(None), ~known)))


def _profile_exists() -> Check:
    known = exists().where(profile.c.member == member.c.id)
    return select(member.c.id, literal("no profile")).where(~known)


def _contact_is_named(kind: str) -> Check:
    contact = profile.c.email if kind == EMAIL else profile.c.phone
    named = exists().where(name.c.kind == kind, name.c.member == profile.c.member)
    return select(profile.c.member, literal(f"{kind} without its name")).where(
        contact.is_not(None), ~named
    )


def _events_are_numbered() -> Check:
    counted = func.count().label("counted")
    highest = func.max(event.c.sequence).label("highest")
    per_member = (
        select(event.c.member, counted, highest).group_by(event.c.member).subquery("per_member")
    )
    return select(per_member.c.member, per_member.c.highest).where(
        per_member.c.counted != per_member.c.highest
    )


def _messages_tell_events() -> Check:
    known = exists().where(event.c.member == message.c.member, event.c.id == message.c.event)
    return select(message.c.id, message.c.event).where(~known)


def _merge_ends() -> Check:
    target = member.alias("target")
    return (
        select(member.c.id, member.c.merged_into)
        .join(target, target.c.id == member.c.merged_into, isouter=True)
        .where(member.c.merged_into.is_not(None))
        .where(or_(target.c.id.is_(None), target.c.merged_into.is_not(None)))
    )


def _one_key_signs() -> Check:
    signing = select(func.count()).where(signing_key.c.retired_at.is_(None)).scalar_subquery()
    return select(literal("signing_key"), signing).where(signing != 1)


def _policy_is_published() -> Check:
    published = select(func.count()).select_from(policy).scalar_subquery()
    version = select(live_version.c.version).where(live_version.c.name == "policy")
    return select(literal("policy"), published).where(published != version.scalar_subquery())


def _answers_are_whole() -> Check:
    return select(answer.c.principal, answer.c.operation).where(
        func.octet_length(answer.c.body) == 0
    )


def _exports_are_numbered() -> Check:
    counted = select(
        func.count().label("counted"), func.max(export.c.number).label("highest")
    ).subquery("counted")
    return select(counted.c.highest, counted.c.counted).where(
        counted.c.counted != counted.c.highest
    )


def _runs_have_their_items() -> Check:
    found = (
        select(func.count())
        .where(reconciliation_item.c.reconciliation == reconciliation.c.number)
        .scalar_subquery()
    )
    return select(reconciliation.c.number, reconciliation.c.item_count).where(
        reconciliation.c.item_count != found
    )


CHECKS: Final[Checks] = {
    "every member has the holder that is named for them": _holder_is_named,
    "every name resolves to a member that exists": _name_resolves,
    "every member has a profile": _profile_exists,
    "every e-mail address is claimed by its member": partial(_contact_is_named, EMAIL),
    "every phone number is claimed by its member": partial(_contact_is_named, PHONE),
    "events of a member are numbered without a gap": _events_are_numbered,
    "every message tells an event of its member": _messages_tell_events,
    "a merged member leads to one that is not merged": _merge_ends,
    "exactly one signing key signs": _one_key_signs,
    "every publication of the policy is counted": _policy_is_published,
    "every stored answer has a body": _answers_are_whole,
    "exports are numbered without a gap": _exports_are_numbered,
    "a reconciliation has the items that it counted": _runs_have_their_items,
    **BATCH_CHECKS,
}
