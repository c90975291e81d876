"""What history is decided by: the policies and rule sets of its time, and the live ladder.

An import may be told to move only tiers or only points; then it sees no rules, or no ladder.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import RuleSet, find_published_rule_set, list_rule_set_versions
from loyalty.checkout.programme import Programme
from loyalty.orders.eras import Era
from loyalty.policy import Policies, list_policies
from loyalty.signing import Signing
from tiers import Ladder

Effects = Literal["tiers", "points", "both"]

MOST = 10_000
"""Versions of a kind that are looked at."""


class HistoryProgramme(Programme):
    """A programme that shows history only what it may move."""

    def __init__(self, effects: Effects, rules: int | None = None) -> None:
        """Begin with nothing read; `rules` decides what is older than the first rule set."""
        super().__init__(Policies(), Signing())
        self.effects = effects
        self.rules = rules

    async def rule_set(self, connection: AsyncConnection, version: int | None) -> RuleSet:
        """Return the rule set, or the empty one where no points are to move.

        Where none was live, it is the one that the import was told, if any.
        """
        wanted = version or self.rules
        return await super().rule_set(connection, None if self.effects == "tiers" else wanted)

    async def ladder(self, connection: AsyncConnection, version: int | None) -> Ladder | None:
        """Return the ladder, or none where no standing is to move."""
        return await super().ladder(connection, None if self.effects == "points" else version)


async def find_eras(
    connection: AsyncConnection, programme: HistoryProgramme, now: datetime
) -> Sequence[Era]:
    """The policies and rule sets that have been in force until now, in order of time."""
    policies = await list_policies(connection, limit=MOST)
    starts = {policy.starts_at for policy in policies}
    sets = []
    for version in await list_rule_set_versions(connection, limit=MOST):
        published = await find_published_rule_set(connection, version)
        sets.append((published.live_from, version))
    starts.update(live_from for live_from, _ in sets)
    eras = []
    for since in sorted(start for start in starts if start <= now):
        in_force = [one for one in policies if one.starts_at <= since]
        policy = max(in_force, key=lambda one: (one.starts_at, one.version))
        live = max((one for one in sets if one[0] <= since), default=None)
        rule_set = None
        decides = programme.rules if live is None else live[1]
        if decides is not None and programme.effects != "tiers":
            rule_set = await programme.rule_set(connection, decides)
        eras.append(Era(since, policy, rule_set))
    return eras
