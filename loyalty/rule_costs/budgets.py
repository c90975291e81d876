"""What is used of limits that all members share: of rules, of groups, of voucher definitions.

What an open order has set aside counts as used. A limit of each member has no figure of its own
here: how much is used of it differs from member to member.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.policy import policy_at

Totals = Mapping[tuple[str, str, str], int]
"""What all have used in the present periods, by scope, measure and period."""


@dataclass(frozen=True, slots=True)
class BudgetUsed:
    """A limit for all members together: what it counts, in which period, and how far it is."""

    count: str
    every: str
    most: int
    used: int


async def find_totals(connection: AsyncConnection, at: datetime) -> Totals:
    """Return what all members together have used by an instant, in one statement."""
    on = (await policy_at(connection, at)).day_of(at)
    starts = benefits.periods(on)
    return {
        (one.scope, one.measure, one.every): one.used
        for one in await benefits.find_used(connection, benefits.FREE, on=on)
        if one.starts_on == starts[one.every]
    }


def budgets_of(
    scope: str, limits: Iterable[benefits.Limit], totals: Totals
) -> tuple[BudgetUsed, ...]:
    """Return how far the limits of a scope are that all members share."""
    return tuple(
        BudgetUsed(
            each.count, each.every, each.most, totals.get((scope, each.count, each.every), 0)
        )
        for each in limits
        if each.whose == "all"
    )
