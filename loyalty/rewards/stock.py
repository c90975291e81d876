"""What comes into stock and goes out of it other than by orders: each with a reason, none lost."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id
from loyalty.rewards.errors import RewardRetired, StockNotCounted, StockShort
from loyalty.rewards.reading import find_reward, lock_reward
from loyalty.rewards.tables import reward_stock_change
from loyalty.rewards.types import Reward, StockChange

MOST_LISTED: Final = 200


async def change_stock(
    connection: AsyncConnection,
    cause: Cause,
    code: str,
    amount: int,
    *,
    reason: str,
    reference: str | None = None,
) -> Reward:
    """Put so many into stock, or take them out where the amount is negative.

    Raises StockShort where fewer are left, StockNotCounted and RewardRetired.
    """
    found = await lock_reward(connection, code)
    if found.retired_at is not None:
        raise RewardRetired(seen=code)
    if not found.counted:
        raise StockNotCounted(seen=code)
    change = new_id(cause.at)
    told = {"amount": amount, "reason": reason, "reference": reference, "change": str(change)}
    await record_change(
        connection,
        cause,
        subject_kind="reward",
        subject=code,
        action="stock",
        before={"stocked": found.stocked, "taken": found.taken},
        after=told,
    )
    stocked = func.loyalty.stock_reward(
        literal(found.id, Uuid),
        literal(change, Uuid),
        literal(amount, BigInteger),
        literal(reason, Text),
        literal(reference, Text),
        literal(cause.at, DateTime(timezone=True)),
        literal(cause.actor, Text),
        literal(cause.request_id, Text),
    )
    if await connection.scalar(select(stocked)) is None:
        now = await find_reward(connection, code)
        raise StockShort(seen=now.left or 0, wanted=-amount, pointer="/amount")
    return await find_reward(connection, code)


async def stock_changes(
    connection: AsyncConnection, code: str, *, before: UUID | None = None, limit: int = 50
) -> Sequence[StockChange]:
    """Return the changes of a reward's stock, the newest first, from before the one named."""
    found = await find_reward(connection, code)
    wanted = select(
        reward_stock_change.c.id,
        reward_stock_change.c.amount,
        reward_stock_change.c.reason,
        reward_stock_change.c.reference,
        reward_stock_change.c.changed_at,
        reward_stock_change.c.actor,
    ).where(reward_stock_change.c.reward == found.id)
    if before is not None:
        wanted = wanted.where(reward_stock_change.c.id < before)
    wanted = wanted.order_by(reward_stock_change.c.id.desc()).limit(min(limit, MOST_LISTED))
    return [StockChange(*row) for row in await connection.execute(wanted)]
