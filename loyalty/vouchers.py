"""Vouchers as the programme gives them; what one is worth, the rules say.

A code is claimed in `loyalty.name` before its voucher is issued, so that no two are alike. The
member's row is locked by the caller.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id, show
from loyalty.members import Member, refuse_closed
from loyalty.names import VOUCHER, Name, take_names
from loyalty.policy import Policy, policy_at


@dataclass(frozen=True, slots=True)
class Issue:
    """A voucher to be issued; the code is minted here."""

    member: UUID
    voucher: UUID
    definition: str
    starts_at: datetime
    expires_at: datetime | None
    birthday_year: int | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A voucher as it was issued."""

    id: UUID
    code: str
    definition: str
    starts_at: datetime
    expires_at: datetime | None


async def give_voucher(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    *,
    definition: str,
    reason: str,
    note: str | None = None,
) -> Issued:
    """Give a member a voucher by hand, for a reason that the trail keeps."""
    refuse_closed(whose)
    policy = await policy_at(connection, cause.at)
    meant = await find_definition(connection, definition, pointer="/definition")
    starts_at, expires_at = span_of(policy, meant, cause.at)
    wanted = Issue(
        member=whose.id,
        voucher=new_id(cause.at),
        definition=definition,
        starts_at=starts_at,
        expires_at=expires_at,
    )
    (issued,) = await issue(connection, cause, [wanted])
    said = {} if note is None else {"note": (None, note)}
    kept = await keep_texts(connection, cause, whose.id, said)
    await record_change(
        connection,
        cause,
        subject_kind="voucher",
        subject=str(issued.id),
        action="give",
        after={"definition": definition, "reason": reason, **kept},
        member=whose.id,
    )
    return issued


async def find_definition(
    connection: AsyncConnection, name: str, *, pointer: str
) -> benefits.VoucherDefinition:
    """Return the definition of that name, or say by name that there is none in use."""
    try:
        found = await benefits.find_definition(connection, name)
    except benefits.DefinitionNotFound as error:
        error.pointer = pointer
        raise
    if found.retired_at is not None:
        raise benefits.DefinitionNotFound(definition=name[:80], pointer=pointer)
    return found


Span = tuple[datetime, datetime | None]
"""From when and until when a voucher is good; None is no end."""


def validity(policy: Policy, definition: benefits.VoucherDefinition, at: datetime) -> Span | None:
    """Return when a voucher that is issued at an instant is good; None where it never would be.

    It ends at the midnight after the last day that the definition allows, within its window.
    """
    starts_at = max(at, definition.valid_from or at)
    ends = definition.valid_until
    if definition.valid_for_days is not None:
        days = timedelta(days=definition.valid_for_days)
        last = policy.midnight(policy.day_of(starts_at) + days)
        ends = last if ends is None else min(ends, last)
    return None if ends is not None and ends <= starts_at else (starts_at, ends)


def span_of(policy: Policy, definition: benefits.VoucherDefinition, at: datetime) -> Span:
    """Return when a voucher is good that is issued now. Raises VoucherOutsideWindow."""
    span = validity(policy, definition, at)
    if span is None:
        raise benefits.VoucherOutsideWindow(pointer="/definition")
    return span


async def issue(
    connection: AsyncConnection, cause: Cause, wanted: Sequence[Issue]
) -> Sequence[Issued]:
    """Issue vouchers under new codes and tell the members' feeds."""
    if not wanted:
        return ()
    codes = await _codes(connection, wanted)
    new = [
        benefits.NewVoucher(
            member=item.member,
            id=item.voucher,
            code=codes[item.voucher],
            definition=item.definition,
            starts_at=item.starts_at,
            expires_at=item.expires_at,
            birthday_year=item.birthday_year,
        )
        for item in wanted
    ]
    for outcome in await benefits.issue_vouchers(connection, new, at=cause.at):
        benefits.demand(outcome)
    for item in wanted:
        told = issued_event(cause, item.member, item.voucher, item.definition)
        await record_event(connection, cause, told)
    return [
        Issued(item.id, item.code, item.definition, item.starts_at, item.expires_at) for item in new
    ]


async def _codes(connection: AsyncConnection, wanted: Sequence[Issue]) -> dict[UUID, str]:
    """Claim a code for each; one that is taken already is minted anew."""
    codes: dict[UUID, str] = {}
    left = list(wanted)
    while left:
        names = {
            item.voucher: Name(
                VOUCHER, benefits.mint_code(secrets.randbelow), item.member, item.voucher
            )
            for item in left
        }
        taken = {name.id for name in await take_names(connection, list(names.values()))}
        codes |= {id_: name.name for id_, name in names.items() if id_ not in taken}
        left = [item for item in left if item.voucher in taken]
    return codes


def issued_event(
    cause: Cause, member: UUID, voucher: UUID, definition: str, *, order: UUID | None = None
) -> Event:
    """Tell that a voucher was issued, and for which order where it was for one."""
    data = {"voucher": str(voucher), "definition": definition}
    return Event(
        id=new_id(cause.at),
        member=member,
        type="voucher.issued",
        effective_at=cause.at,
        data=data if order is None else {**data, "order": show("ord", order)},
    )


async def define_voucher(
    connection: AsyncConnection, cause: Cause, definition: benefits.VoucherDefinition
) -> None:
    """Store a definition; the same again changes nothing but is on the trail."""
    await benefits.define_voucher(connection, definition, actor=cause.actor, at=cause.at)
    await record_change(
        connection,
        cause,
        subject_kind="voucher-definition",
        subject=definition.name,
        action="define",
        after={
            "titles": dict(definition.titles),
            "uses": definition.uses,
            "valid_for_days": definition.valid_for_days,
            "birthday_window": definition.birthday_window,
            "tax_class": definition.tax_class,
            "minimum_order": definition.minimum_order,
            "valid_from": _shown(definition.valid_from),
            "valid_until": _shown(definition.valid_until),
            "uses_per_member": definition.uses_per_member,
            "binding": definition.binding,
        },
    )


async def retire_definition(
    connection: AsyncConnection, cause: Cause, name: str, *, reason: str
) -> benefits.VoucherDefinition:
    """Let no more vouchers of a definition be issued, for a reason; again it changes nothing."""
    if await benefits.retire_definition(connection, name, at=cause.at):
        await record_change(
            connection,
            cause,
            subject_kind="voucher-definition",
            subject=name,
            action="retire",
            after={"reason": reason},
        )
    return await benefits.find_definition(connection, name)


def _shown(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


async def list_vouchers(
    connection: AsyncConnection, member: UUID, *, limit: int, before: UUID | None = None
) -> Sequence[benefits.Voucher]:
    """Return a member's vouchers, newest first, from before the one named."""
    theirs = benefits.vouchers_of(member).order_by(None).limit(limit)
    id_ = theirs.selected_columns["id"]
    if before is not None:
        theirs = theirs.where(id_ < before)
    rows = await connection.execute(theirs.order_by(id_.desc()))
    return [read_voucher(row) for row in rows]


def read_voucher(row: Row[*tuple[Any, ...]]) -> benefits.Voucher:
    """Build the value from a row of `benefits.vouchers_of`."""
    first, *rest = row
    return benefits.Voucher(first, *rest)
