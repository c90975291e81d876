"""What an order takes of limits anew that was let go unpaid, as it ships after all.

Nothing is refused then. By how much a limit is passed is one exception for each thing it counts.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Use, retake_uses
from loyalty.checkout.programme import Programme
from loyalty.orders.reading import Found
from loyalty.orders.uses import retaken_uses

USES_OVERRUN: Final = "limit-overrun"
POINTS_OVERRUN: Final = "points-limit-overrun"
BUDGET_OVERRUN: Final = "budget-overrun"
_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {"uses": USES_OVERRUN, "points": POINTS_OVERRUN, "money": BUDGET_OVERRUN}
)


async def retake(
    connection: AsyncConnection, programme: Programme, found: Found, moved: Sequence[Use]
) -> list[tuple[str, int]]:
    """Take anew what was let go; return by how much limits are passed, by code of the exception."""
    again = retaken_uses(found.uses, moved)
    if not again:
        return []
    rule_set = await programme.rule_set(connection, found.order.rule_set)
    over = await retake_uses(connection, again, rule_set)
    return [(code, over[measure]) for measure, code in _CODES.items() if measure in over]
