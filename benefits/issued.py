"""Reading what was issued: vouchers of a definition or a batch, by state, and one with its uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.records import Voucher
from benefits.tables import voucher, voucher_use
from benefits.vouchers import read_voucher, vouchers_stored

STATES = ("issued", "reserved", "redeemed", "expired", "void")
_HELD: Final = voucher.c.uses_passed == 0
"""A voucher that passed on stands with whom it passed to."""


@dataclass(frozen=True, slots=True)
class VoucherUse:
    """What one order did with a voucher: `reserved`, `redeemed`, `released` or `returned`."""

    order: UUID
    used_by: UUID
    state: str
    overrun: bool
    reserved_at: datetime | None
    redeemed_at: datetime | None
    given_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class VoucherHistory:
    """A voucher as it stands, with what every order did with it, the latest first."""

    voucher: Voucher
    batch: UUID | None
    void_reason: str | None
    uses: tuple[VoucherUse, ...]


async def count_states(
    connection: AsyncConnection,
    *,
    at: datetime,
    definition: str | None = None,
    batch: UUID | None = None,
) -> dict[str, int]:
    """How many vouchers of a definition or of a batch are in each state."""
    state = _state(at).label("state")
    counted = select(state, func.count()).where(*_which(definition, batch)).group_by("state")
    found = {row[0]: row[1] for row in await connection.execute(counted)}
    return {name: found.get(name, 0) for name in STATES}


async def count_states_each(
    connection: AsyncConnection, definitions: Sequence[str], *, at: datetime
) -> dict[str, dict[str, int]]:
    """The same for each of several definitions, in one statement."""
    state = _state(at).label("state")
    counted = (
        select(voucher.c.definition, state, func.count())
        .where(voucher.c.definition.in_(definitions), _HELD)
        .group_by(voucher.c.definition, "state")
    )
    found = {name: dict.fromkeys(STATES, 0) for name in definitions}
    for name, said, number in await connection.execute(counted):
        found[name][said] = number
    return found


async def list_issued(
    connection: AsyncConnection,
    definition: str,
    *,
    at: datetime,
    limit: int,
    before: UUID | None = None,
    state: str | None = None,
) -> list[Voucher]:
    """Vouchers of a definition, the latest first, from before the one named; of one state."""
    wanted = vouchers_stored().where(voucher.c.definition == definition, _HELD)
    if before is not None:
        wanted = wanted.where(voucher.c.id < before)
    if state is not None:
        wanted = wanted.where(_state(at) == state)
    rows = await connection.execute(wanted.order_by(voucher.c.id.desc()).limit(limit))
    return [read_voucher(row) for row in rows]


async def find_issued(connection: AsyncConnection, voucher_id: UUID) -> VoucherHistory | None:
    """A voucher by its id, whoever has it by now: what passed on stands where it passed to."""
    wanted = vouchers_stored().add_columns(voucher.c.batch, voucher.c.void_reason)
    of_it = wanted.where(voucher.c.id == voucher_id).order_by(voucher.c.uses_passed)
    rows = (await connection.execute(of_it)).all()
    if not rows:
        return None
    found, batch, reason = read_voucher(rows[0][:-2]), rows[0][-2], rows[0][-1]
    used = select(
        *(voucher_use.c[name] for name in ("order_id", "used_by", "state", "overrun")),
        *(voucher_use.c[name] for name in ("reserved_at", "redeemed_at", "given_back_at")),
    ).where(
        voucher_use.c.voucher == voucher_id,
        or_(*(voucher_use.c.member == row.member for row in rows)),
    )
    latest = func.coalesce(voucher_use.c.reserved_at, voucher_use.c.redeemed_at).desc()
    uses = await connection.execute(used.order_by(latest, voucher_use.c.order_id))
    return VoucherHistory(found, batch, reason, tuple(VoucherUse(*row) for row in uses))


def vouchers_of_batches() -> Select[*tuple[Any, ...]]:
    """All vouchers that came with a batch, to be joined: the columns of `Voucher`, and `batch`."""
    of_one = vouchers_stored().add_columns(voucher.c.batch)
    return of_one.where(voucher.c.batch.is_not(None), _HELD)


def codes_of_batch(batch: UUID) -> Select[str, UUID]:
    """The codes of a batch with whom each is for, to be joined or read, in a stable order."""
    codes = select(voucher.c.code, voucher.c.member).where(voucher.c.batch == batch, _HELD)
    return codes.order_by(voucher.c.id)


def _which(definition: str | None, batch: UUID | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_HELD]
    if definition is not None:
        found.append(voucher.c.definition == definition)
    if batch is not None:
        found.append(voucher.c.batch == batch)
    return found


def _state(at: datetime) -> ColumnElement[Any]:
    """The state of a row, as `voucher_state` tells it of a value."""
    own, now = voucher.c, literal(at, DateTime(timezone=True))
    return case(
        (own.uses_redeemed >= own.uses, "redeemed"),
        (own.voided_at.is_not(None), "void"),
        (own.uses_reserved + own.uses_redeemed >= own.uses, "reserved"),
        (own.expires_at <= now, "expired"),
        else_="issued",
    )
