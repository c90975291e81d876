"""What a programme does at night and a demo, which sleeps then, does when it starts.

Of these only the comparison with Stripe has a page of its own that would stay empty.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.upkeep import COMPARE, last_comparison
from loyalty.cause import Cause
from loyalty.jobs.queue import enqueue

NIGHT: Final = timedelta(days=1)


async def compare_if_missed(connection: AsyncConnection, cause: Cause) -> bool:
    """Ask the worker for the comparison of last night, where there was none; whether it was asked.

    The start does not wait for it.
    """
    last = await last_comparison(connection)
    if last is not None and last[0] > cause.at - NIGHT:
        return False
    turn = {"timestamp": int(cause.at.timestamp())}
    return await enqueue(connection, COMPARE, turn, once=COMPARE) is not None
