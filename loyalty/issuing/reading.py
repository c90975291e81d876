"""One voucher by its id or its code: how it stands, what was done with it, and its end by hand."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import FREE, VoucherHistory
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.checkout.presenting import canonical_code
from loyalty.events import Event, record_event
from loyalty.ids import MalformedId, new_id, read, show
from loyalty.issuing.store import lock_members
from loyalty.names import VOUCHER, find_name


async def find_voucher(connection: AsyncConnection, text: str) -> VoucherHistory:
    """Return the voucher that an id or a code means. Raises VoucherNotFound."""
    meant = await _meant(connection, text)
    found = None if meant is None else await benefits.find_issued(connection, meant)
    if found is None:
        raise benefits.VoucherNotFound
    return found


async def void_voucher(
    connection: AsyncConnection, cause: Cause, text: str, *, reason: str
) -> VoucherHistory:
    """Make a voucher void by hand, for a reason that the trail keeps; again it changes nothing.

    Raises VoucherNotFound, and VoucherInUse while an open order holds it.
    """
    found = await _locked(connection, text)
    bound = found.member != FREE
    outcome = benefits.demand(
        await benefits.void_voucher(connection, found.member, found.id, at=cause.at, reason=reason)
    )
    if not outcome.replayed:
        await record_change(
            connection,
            cause,
            subject_kind="voucher",
            subject=show("vou", found.id),
            action="void",
            after={"reason": reason, "definition": found.definition},
            member=found.member if bound else None,
        )
        if bound:
            await record_event(connection, cause, _voided(cause, found, reason))
    return await find_voucher(connection, text)


async def _locked(connection: AsyncConnection, text: str) -> benefits.Voucher:
    """A voucher whose member's row is locked; a merge that was waited for may have passed it on."""
    found = (await find_voucher(connection, text)).voucher
    while found.member != FREE:
        await lock_members(connection, [found.member])
        before, found = found, (await find_voucher(connection, text)).voucher
        if found.member == before.member:
            break
    return found


def _voided(cause: Cause, found: benefits.Voucher, reason: str) -> Event:
    return Event(
        id=new_id(cause.at),
        member=found.member,
        type="voucher.voided",
        effective_at=cause.at,
        data={"voucher": str(found.id), "definition": found.definition, "reason": reason},
    )


async def _meant(connection: AsyncConnection, text: str) -> UUID | None:
    try:
        return read("vou", text)
    except MalformedId:
        named = await find_name(connection, VOUCHER, canonical_code(text))
        return None if named is None else named.id
