"""What becomes of limits when two members are found to be one: they are counted anew.

Orders stay where they were placed and count for whom the member goes on as. The counters of both
are forgotten, and the next order counts what both had.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.rewards.tables import reward_allowance


async def forget_allowances(connection: AsyncConnection, members: Collection[UUID]) -> None:
    """Forget what was counted of these members' limits; their rows are locked."""
    await connection.execute(
        delete(reward_allowance).where(reward_allowance.c.member.in_(sorted(members)))
    )
