"""Batches of vouchers as they are stored: found, locked, moved on, and told of on the trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import show
from loyalty.issuing.errors import UnknownVoucherBatch
from loyalty.issuing.tables import voucher_batch
from loyalty.issuing.types import Batch
from loyalty.tables import member


async def find_batch(connection: AsyncConnection, batch: UUID) -> Batch:
    """Return a batch as it stands. Raises UnknownVoucherBatch."""
    row = (await connection.execute(_stored().where(voucher_batch.c.id == batch))).first()
    if row is None:
        raise UnknownVoucherBatch(seen=show("vbt", batch))
    return Batch(*row)


async def list_batches(
    connection: AsyncConnection,
    *,
    limit: int,
    before: UUID | None = None,
    definition: str | None = None,
) -> Sequence[Batch]:
    """Return the batches, of one definition if asked, the latest first."""
    wanted = _stored().order_by(voucher_batch.c.id.desc()).limit(limit)
    if definition is not None:
        wanted = wanted.where(voucher_batch.c.definition == definition)
    if before is not None:
        wanted = wanted.where(voucher_batch.c.id < before)
    return [Batch(*row) for row in await connection.execute(wanted)]


async def lock_batch(connection: AsyncConnection, batch: UUID) -> Batch:
    """Return a batch with its row locked. Raises UnknownVoucherBatch."""
    locked = _stored().where(voucher_batch.c.id == batch).with_for_update(key_share=True)
    row = (await connection.execute(locked)).first()
    if row is None:
        raise UnknownVoucherBatch(seen=show("vbt", batch))
    return Batch(*row)


async def change_batch(
    connection: AsyncConnection, batch: UUID, **values: int | str | datetime
) -> None:
    """Say how far a batch has come."""
    await connection.execute(
        update(voucher_batch).where(voucher_batch.c.id == batch).values(**values)
    )


async def record_batch(
    connection: AsyncConnection, cause: Cause, batch: UUID, action: str, after: dict[str, object]
) -> None:
    """Keep on the trail what was done with a batch."""
    await record_change(
        connection,
        cause,
        subject_kind="voucher-batch",
        subject=show("vbt", batch),
        action=action,
        after=after,
    )


def _stored() -> Select[*tuple[Any, ...]]:
    return select(*(voucher_batch.c[field] for field in Batch.__slots__))


async def lock_members(connection: AsyncConnection, members: Sequence[UUID]) -> None:
    """Lock the rows of members, in the order of their keys: their events are numbered by it."""
    own = member.c.id
    lock = select(own).where(own == func.any(literal(list(members), ARRAY(own.type))))
    await connection.execute(lock.order_by(own).with_for_update(key_share=True))
