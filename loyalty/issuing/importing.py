"""Codes from outside, brought in row by row: a bad row is named and does not stand in the way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import FREE, NewVoucher, VoucherDefinition
from loyalty.cause import Cause
from loyalty.checkout.presenting import canonical_code
from loyalty.events import record_events
from loyalty.ids import new_id
from loyalty.issuing.batches import known_members
from loyalty.issuing.codes import claim, holders_of
from loyalty.issuing.errors import BatchMalformed
from loyalty.issuing.store import change_batch, find_batch, lock_members, record_batch
from loyalty.issuing.tables import voucher_batch
from loyalty.issuing.types import MOST, Batch, OutsideCode, RefusedCode, Taken
from loyalty.names import VOUCHER, Name, give_back
from loyalty.policy import policy_at
from loyalty.vouchers import find_definition, issued_event, span_of

MOST_AT_ONCE: Final = 1_000
"""The most rows of one request."""
_SHORTEST, _LONGEST = 4, 64
_FIRST, _LAST = "!", "~"


async def begin_import(
    connection: AsyncConnection, cause: Cause, definition: str, *, rows: int
) -> Batch:
    """Begin a batch of codes from outside.

    Raises DefinitionNotFound, VoucherOutsideWindow and BatchMalformed.
    """
    meant = await find_definition(connection, definition, pointer="/definition")
    if not 1 <= rows <= MOST:
        raise BatchMalformed(wanted=MOST, pointer="/codes")
    starts_at, expires_at = span_of(await policy_at(connection, cause.at), meant, cause.at)
    one = new_id(cause.at)
    await connection.execute(
        insert(voucher_batch).values(
            id=one,
            definition=definition,
            kind="imported",
            bound=False,
            wanted=rows,
            starts_at=starts_at,
            expires_at=expires_at,
            asked_at=cause.at,
            finished_at=cause.at,
            codes_read_at=cause.at,
            **cause.columns(),
        )
    )
    await record_batch(connection, cause, one, "import", {"definition": definition, "rows": rows})
    return await find_batch(connection, one)


async def take_codes(
    connection: AsyncConnection,
    cause: Cause,
    batch: Batch,
    rows: Sequence[OutsideCode],
    *,
    first: int = 1,
) -> Taken:
    """Take the rows of an import that can be taken, and name the others; `first` is their number.

    A code that is such a voucher already is known, and nothing changes; one that any other voucher
    has, of whichever member, is refused as `code-taken`.
    """
    definition = await find_definition(connection, batch.definition, pointer="/definition")
    named = [row.member for row in rows if row.member is not None]
    members: dict[str, UUID] = {}
    while (now := await known_members(connection, named)) != members:  # after merges waited for
        await lock_members(connection, list((members := now).values()))
    refused: list[RefusedCode] = []
    new: dict[UUID, tuple[int, NewVoucher]] = {}
    seen: set[str] = set()
    for number, row in enumerate(rows, start=first):
        code = canonical_code(row.code.strip())
        reason = _fault(row, code, definition, batch, members) or _again(code, seen)
        if reason is not None:
            refused.append(RefusedCode(number, row.code[:80], reason))
            continue
        voucher = _new(row, code, batch, members, cause.at)
        new[voucher.id] = (number, voucher)
    free = await claim(
        connection, [(each.code, (each.member, each.id)) for _, each in new.values()]
    )
    taken = [each for _, each in new.values() if each.id in free]
    outcomes = await benefits.issue_vouchers(connection, taken, at=cause.at)
    done = {outcome.voucher for outcome in outcomes if outcome.code == "done"}
    codes = {outcome.voucher: outcome.code for outcome in outcomes}
    lost = [Name(VOUCHER, each.code, None, each.id) for each in taken if each.id not in done]
    await give_back(connection, lost)
    others = await holders_of(connection, [e.code for _, e in new.values() if e.id not in free])
    known = {e.id for _, e in new.values() if others.get(e.code) == (e.member, e.definition)}
    refused += (
        RefusedCode(number, each.code, codes.get(each.id, "code-taken"))
        for number, each in new.values()
        if each.id not in done | known
    )
    told = [
        issued_event(cause, each.member, each.id, each.definition)
        for each in taken
        if each.id in done and each.member != FREE
    ]
    await record_events(connection, cause, told)
    before = await find_batch(connection, batch.id)
    await change_batch(connection, batch.id, made=before.made + len(done))
    after = await find_batch(connection, batch.id)
    return Taken(after, len(done), len(known), tuple(sorted(refused, key=lambda each: each.row)))


def _fault(
    row: OutsideCode,
    code: str,
    definition: VoucherDefinition,
    batch: Batch,
    members: dict[str, UUID],
) -> str | None:
    """Why a row cannot be taken, whatever else there is; None where it can."""
    starts_at, expires_at = row.starts_at or batch.starts_at, row.expires_at or batch.expires_at
    faults = {
        "code-malformed": not _SHORTEST <= len(code) <= _LONGEST
        or not all(_FIRST <= letter <= _LAST for letter in code),
        "unknown-member": row.member is not None and row.member not in members,
        "voucher-binding-differs": definition.binding == ("free" if row.member else "member"),
        "ends-before-it-begins": expires_at is not None and expires_at <= starts_at,
        "amount-not-positive": row.amount is not None and row.amount < 1,
        "uses-not-positive": row.uses is not None and row.uses < 1,
    }
    return next((reason for reason, holds in faults.items() if holds), None)


def _again(code: str, seen: set[str]) -> str | None:
    """Whether the same code stood in an earlier row."""
    if code in seen:
        return "code-repeated"
    seen.add(code)
    return None


def _new(
    row: OutsideCode, code: str, batch: Batch, members: dict[str, UUID], at: datetime
) -> NewVoucher:
    return NewVoucher(
        member=FREE if row.member is None else members[row.member],
        id=new_id(at),
        code=code,
        definition=batch.definition,
        starts_at=row.starts_at or batch.starts_at,
        expires_at=row.expires_at or batch.expires_at,
        amount=row.amount,
        batch=batch.id,
        uses=row.uses,
    )
