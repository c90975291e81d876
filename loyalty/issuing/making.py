"""Makes the codes of a batch, a set at a time.

Each chunk is one transaction under the lock of the batch's row: a run that dies goes on where it
was, and no code is made twice.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import FREE, NewVoucher
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.events import record_events
from loyalty.ids import new_id
from loyalty.issuing.codes import claim_minted
from loyalty.issuing.store import change_batch, lock_batch, lock_members
from loyalty.issuing.tables import voucher_batch, voucher_batch_member
from loyalty.issuing.types import Batch
from loyalty.tables import member
from loyalty.vouchers import issued_event

JOB: Final = "make-vouchers"
CHUNK: Final = 5_000


async def make_batch(application: Application, cause: Cause, *, batch: str) -> int:
    """Make what is left of a batch, one transaction a chunk; answers how many that were."""
    made = 0
    while more := await application.database.write(make_some, cause, UUID(batch), limit=CHUNK):
        made += more
        await asyncio.sleep(0)
    return made


async def make_some(
    connection: AsyncConnection, cause: Cause, batch: UUID, *, limit: int = CHUNK
) -> int:
    """Make the next codes of a batch; answers how many, none when it is made or void."""
    found = await lock_batch(connection, batch)
    more = min(limit, found.wanted - found.made)
    if found.state != "making" or not more:
        return 0
    holders = await _locked(connection, found, more) if found.bound else [FREE] * more
    vouchers = [(whose, new_id(cause.at)) for whose in holders]
    codes = await claim_minted(connection, vouchers)
    new = [
        NewVoucher(
            member=whose,
            id=one,
            code=codes[one],
            definition=found.definition,
            starts_at=found.starts_at,
            expires_at=found.expires_at,
            batch=batch,
            promised=True,
        )
        for whose, one in vouchers
    ]
    for outcome in await benefits.issue_vouchers(connection, new, at=cause.at):
        benefits.demand(outcome)
    if found.bound:
        told = [issued_event(cause, each.member, each.id, each.definition) for each in new]
        await record_events(connection, cause, told)
    made = found.made + more
    ends = {"finished_at": cause.at} if made == found.wanted else {}
    await change_batch(connection, batch, made=made, **ends)
    return more


async def _locked(connection: AsyncConnection, found: Batch, more: int) -> Sequence[UUID]:
    """For whom the next codes are, with their rows locked; merges that were waited for count."""
    holders: Sequence[UUID] = ()
    while (now := list(await connection.scalars(_next(found, more)))) != holders:
        await lock_members(connection, holders := now)
    return holders


def _next(found: Batch, more: int) -> Select[*tuple[Any, ...]]:
    """For whom the next codes are: as whom they go on, if they were merged meanwhile."""
    own = voucher_batch_member.c
    goes_on = func.coalesce(member.c.merged_into, member.c.id)
    named = (
        select(goes_on)
        .select_from(voucher_batch_member)
        .join(member, member.c.id == own.member)
        .where(own.batch == found.id)
    )
    return named.order_by(own.member).offset(found.made).limit(more)


_ID: Final = voucher_batch.c.id.type
