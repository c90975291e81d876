"""Where the counters of the members of a bucket stand before their history is planned.

Programmes whose rules count nothing read nothing. Totals of all members are moved by one process of
an import at a time, so that none of them is overrun.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import FREE, find_counters, lock_totals
from loyalty.orders.eras import Terms
from loyalty.orders.tallies import Standing, Tally, standing_of


@dataclass(frozen=True, slots=True)
class Tallies:
    """Counters by member; the totals are shared by all of them."""

    own: dict[UUID, Standing] = field(default_factory=dict)
    totals: Standing = field(default_factory=dict)

    def of(self, member: UUID) -> Tally:
        """Return where a member's counters stand."""
        return Tally(member, self.own.get(member, {}), self.totals)


async def find_tallies(
    connection: AsyncConnection, terms: Terms, members: Iterable[UUID]
) -> Tallies:
    """Return the counters that the rules of history look at, of members who are here already."""
    rule_sets = [terms.rule_set, *(era.rule_set for era in terms.later)]
    if not any(rule_set is not None and rule_set.scopes for rule_set in rule_sets):
        return Tallies()
    await lock_totals(connection)
    found = await find_counters(connection, members)
    own = {member: standing_of(used) for member, used in found.items() if member != FREE}
    return Tallies(own, standing_of(found.get(FREE, ())))
