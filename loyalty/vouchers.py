"""Vouchers as the programme gives them; what one is worth, the rules say.

A code is claimed in `loyalty.name` before its voucher is issued, so that no two are alike. The
member's row is locked by the caller.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.cause import Cause
from loyalty.changes import keep_texts, record_change
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.members import Member, refuse_closed
from loyalty.names import VOUCHER, Name, take_names
from loyalty.policy import Policy, policy_at

_PAGE: Final = 200


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
    wanted = Issue(
        member=whose.id,
        voucher=new_id(cause.at),
        definition=definition,
        starts_at=cause.at,
        expires_at=valid_until(policy, meant, cause.at),
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
    """Return the definition of that name, or say by name that there is none."""
    after = ""
    while page := await benefits.list_definitions(connection, after=after, limit=_PAGE):
        for definition in page:
            if definition.name == name:
                return definition
        after = page[-1].name
    raise benefits.DefinitionNotFound(definition=name, pointer=pointer)


def valid_until(
    policy: Policy, definition: benefits.VoucherDefinition, starts_at: datetime
) -> datetime | None:
    """Return the midnight after the last day that the definition allows; None is no end."""
    if definition.valid_for_days is None:
        return None
    days = timedelta(days=definition.valid_for_days)
    return policy.midnight(policy.day_of(starts_at) + days)


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
        await record_event(connection, cause, _event(cause, item))
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


def _event(cause: Cause, item: Issue) -> Event:
    return Event(
        id=new_id(cause.at),
        member=item.member,
        type="voucher.issued",
        effective_at=cause.at,
        data={"voucher": str(item.voucher), "definition": item.definition},
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
        },
    )


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
