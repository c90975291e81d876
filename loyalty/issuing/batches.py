"""Batches of codes: asked for once, read once, made void as a whole.

A small batch is made with its request, a large one by a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Text, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import FREE
from loyalty.cause import Cause
from loyalty.errors import LoyaltyError
from loyalty.ids import new_id
from loyalty.issuing.errors import BatchCodesRead, BatchMalformed, BatchNotMade, BatchNotYours
from loyalty.issuing.making import JOB, make_some
from loyalty.issuing.store import change_batch, find_batch, lock_batch, record_batch
from loyalty.issuing.tables import voucher_batch, voucher_batch_member
from loyalty.issuing.types import MOST, Batch
from loyalty.jobs.queue import enqueue
from loyalty.members import Ref, UnknownMember, find_list, read_member_ref
from loyalty.members.tables import member_list_entry
from loyalty.policy import policy_at
from loyalty.schema import Instant
from loyalty.tables import member, name
from loyalty.vouchers import find_definition, span_of

AT_ONCE: Final = 1_000
"""As many are made with the request; more are made by the job."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a batch is asked for: so many free ones, or one for each member named or on a list."""

    definition: str
    quantity: int | None = None
    members: Sequence[str] | None = None
    list: str | None = None


async def ask_for_batch(connection: AsyncConnection, cause: Cause, asked: Asking) -> Batch:
    """Ask for a batch; it is made at once, or by a job when it is large.

    Raises BatchMalformed, DefinitionNotFound, VoucherBindingDiffers, VoucherOutsideWindow,
    UnknownMember and UnknownMemberList.
    """
    ways = (asked.quantity, asked.members, asked.list)
    if sum(way is not None for way in ways) != 1:
        raise BatchMalformed(wanted=MOST, pointer="")
    bound = asked.quantity is None
    definition = await find_definition(connection, asked.definition, pointer="/definition")
    if definition.binding == ("free" if bound else "member"):
        raise benefits.VoucherBindingDiffers(pointer="/members" if bound else "/quantity")
    span = span_of(await policy_at(connection, cause.at), definition, cause.at)
    whom = await _whom(connection, asked)
    wanted = asked.quantity if whom is None else len(whom)
    if wanted is None or not 1 <= wanted <= MOST:
        raise BatchMalformed(wanted=MOST, pointer="")
    one = new_id(cause.at)
    await connection.execute(
        insert(voucher_batch).values(
            id=one,
            definition=definition.name,
            kind="minted",
            bound=bound,
            wanted=wanted,
            starts_at=span[0],
            expires_at=span[1],
            asked_at=cause.at,
            **cause.columns(),
        )
    )
    await _remember(connection, one, whom)
    said = {"definition": definition.name, "wanted": wanted, "list": asked.list}
    await record_batch(connection, cause, one, "ask", said)
    if wanted > AT_ONCE:
        await enqueue(connection, JOB, {"batch": str(one)}, in_turn=JOB)
    else:
        await make_some(connection, cause, one)
    return await find_batch(connection, one)


async def read_codes(
    connection: AsyncConnection, cause: Cause, batch: UUID
) -> Sequence[tuple[str, UUID | None]]:
    """Return the codes of a batch with whom each is for, once, to whoever asked for it.

    Raises UnknownVoucherBatch, BatchNotYours, BatchNotMade and BatchCodesRead.
    """
    found = await lock_batch(connection, batch)
    if found.actor != cause.actor:
        raise BatchNotYours
    if found.finished_at is None:
        raise BatchNotMade(seen=found.made, wanted=found.wanted)
    if found.codes_read_at is not None:
        raise BatchCodesRead(seen=found.codes_read_at.isoformat())
    await change_batch(connection, batch, codes_read_at=cause.at)
    await record_batch(connection, cause, batch, "read-codes", {"codes": found.made})
    rows = await connection.execute(benefits.codes_of_batch(batch))
    return [(row[0], None if row[1] == FREE else row[1]) for row in rows]


async def void_batch(
    connection: AsyncConnection, cause: Cause, batch: UUID, *, reason: str
) -> Batch:
    """Make what is left of a batch void, for a reason; one that is void already stays as it is."""
    found = await lock_batch(connection, batch)
    if found.voided_at is None:
        gone = await connection.scalar(
            select(
                func.benefits.void_batch(
                    literal(batch, _ID), literal(cause.at, Instant), literal(reason, Text)
                )
            )
        )
        await change_batch(
            connection, batch, voided_at=cause.at, void_reason=reason, voided=gone or 0
        )
        await record_batch(
            connection, cause, batch, "void", {"reason": reason, "vouchers": gone or 0}
        )
    return await find_batch(connection, batch)


async def _whom(connection: AsyncConnection, asked: Asking) -> Sequence[UUID] | None:
    """Return for whom the codes are, each once; None where they are for nobody."""
    if asked.list is not None:
        await find_list(connection, asked.list)
        own = member_list_entry.c
        on_it = (
            select(member.c.id)
            .join(member_list_entry, own.member == member.c.id)
            .where(own.list == asked.list, member.c.closed_at.is_(None))
        )
        return list(await connection.scalars(on_it))
    if asked.members is None:
        return None
    return list(dict.fromkeys((await resolve(connection, asked.members)).values()))


async def resolve(connection: AsyncConnection, texts: Sequence[str]) -> dict[str, UUID]:
    """Return whom texts mean, those who are members still. Raises UnknownMember for the first."""
    found = await known_members(connection, texts)
    for place, text in enumerate(texts):
        if text not in found:
            raise UnknownMember(seen=text[:80], pointer=f"/members/{place}")
    return found


async def known_members(connection: AsyncConnection, texts: Sequence[str]) -> dict[str, UUID]:
    """Return whom texts mean, where they mean somebody who is a member still."""
    refs = {text: _ref(text) for text in dict.fromkeys(texts)}
    external = [ref.external for ref in refs.values() if ref is not None and ref.external]
    ids = [ref.id for ref in refs.values() if ref is not None and ref.id]
    named = select(name.c.name, name.c.id).where(
        name.c.kind == "member", name.c.name == func.any(literal(external, ARRAY(Text)))
    )
    by_name = {row.name: row.id for row in await connection.execute(named)}
    wanted = [*ids, *by_name.values()]
    live = select(member.c.id).where(
        member.c.id == func.any(literal(wanted, ARRAY(_ID))), member.c.closed_at.is_(None)
    )
    members = set(await connection.scalars(live))
    meant = {
        text: by_name.get(ref.external) if ref.external else ref.id
        for text, ref in refs.items()
        if ref is not None
    }
    return {text: one for text, one in meant.items() if one in members}


def _ref(text: str) -> Ref | None:
    try:
        return read_member_ref(text)
    except LoyaltyError:
        return None


async def _remember(connection: AsyncConnection, batch: UUID, whom: Sequence[UUID] | None) -> None:
    if whom is None:
        return
    each = func.unnest(literal(list(whom), ARRAY(_ID))).column_valued("member")
    await connection.execute(
        insert_or(voucher_batch_member).from_select(
            ["batch", "member"], select(literal(batch, _ID), each)
        )
    )


_ID: Final = voucher_batch.c.id.type
