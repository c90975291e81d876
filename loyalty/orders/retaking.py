"""What an order takes of limits anew that was let go unpaid, as it ships after all.

Nothing is refused then. By how much a limit is passed is one exception for each thing it counts.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Use, retake_uses
from loyalty.checkout.programme import Programme
from loyalty.orders.claims import lock_survivor
from loyalty.orders.context import Context
from loyalty.orders.uses import retaken_uses

USES_OVERRUN: Final = "limit-overrun"
POINTS_OVERRUN: Final = "points-limit-overrun"
BUDGET_OVERRUN: Final = "budget-overrun"
_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {"uses": USES_OVERRUN, "points": POINTS_OVERRUN, "money": BUDGET_OVERRUN}
)


async def retake(
    connection: AsyncConnection, programme: Programme, context: Context, moved: Sequence[Use]
) -> list[tuple[str, int]]:
    """Take anew what was let go; return by how much limits are passed, by code of the exception.

    What a merged member takes is settled by now, and passes the limits of whom they go on as.
    """
    found, member = context.found, context.member
    again = retaken_uses(found.uses, moved)
    if not again:
        return []
    rule_set = await programme.rule_set(connection, found.order.rule_set)
    whose = None if member is None else (await lock_survivor(connection, member)).id
    over = await retake_uses(connection, again, rule_set, counted_for=whose)
    return [(code, over[measure]) for measure, code in _CODES.items() if measure in over]
