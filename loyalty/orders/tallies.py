"""The counters of one member while their history is planned: as the API would find and leave them.

Pure. Where the counters stood before is handed in; totals of all members are shared by everyone who
is planned in the same transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from benefits import Charge, RuleSet, Use, Used, periods
from loyalty.orders.types import History
from loyalty.orders.uses import charged_use, moved_uses

Standing = dict[tuple[str, str, bool, str, str], int]
"""Where counters stand, by scope, measure, whether of all, period and its first day."""


class Taken(NamedTuple):
    """What an order took of a counter, and when."""

    use: Use
    at: datetime


@dataclass(slots=True)
class Tally:
    """What a member's orders take of counters, in the order of time."""

    member: UUID
    own: Standing = field(default_factory=dict)
    totals: Standing = field(default_factory=dict)
    taken: dict[UUID, list[Taken]] = field(default_factory=dict)

    def used(self, rule_set: RuleSet, at: datetime) -> tuple[Used, ...]:
        """Return where the counters stand that the rules look at."""
        if not rule_set.scopes:
            return ()
        starts = periods(at.astimezone(ZoneInfo(rule_set.zone)).date())
        found = (
            Used(*key, stands) for each in (self.own, self.totals) for key, stands in each.items()
        )
        return tuple(
            sorted(
                one
                for one in found
                if one.scope in rule_set.scopes and one.starts_on == starts[one.every]
            )
        )

    def take(self, order: UUID, charges: Iterable[Charge], at: datetime) -> None:
        """Take what an order that was shipped at once is to have."""
        for charge in charges:
            if not charge.taken:
                continue
            use = replace(charged_use(self.member, order, charge), consumed=charge.taken)
            key, standing = charge[:5], self._of(everyone=charge.everyone)
            standing[key] = standing.get(key, 0) + charge.side * charge.taken
            self.taken.setdefault(order, []).append(Taken(use, at))

    def settle(self, order: UUID, after: History | None) -> None:
        """Give back what goes with what came back of an order."""
        before = self.taken.get(order, ())
        if after is None or not before:
            return
        now = {_key(use): use for use in moved_uses([one.use for one in before], after)}
        for place, (use, at) in enumerate(before):
            moved = now.get(_key(use))
            if moved is None:
                continue
            standing = self._of(everyone=use.everyone)
            key = (use.scope, use.measure, use.everyone, use.every, use.starts_on)
            standing[key] -= use.side * (moved.given_back - use.given_back)
            self.taken[order][place] = Taken(moved, at)

    @property
    def all(self) -> Sequence[Taken]:
        """All that was taken, as it stands in the end."""
        return [one for taken in self.taken.values() for one in taken]

    def _of(self, *, everyone: bool) -> Standing:
        return self.totals if everyone else self.own


def standing_of(used: Iterable[Used]) -> Standing:
    """Return counters as they were read, by their keys."""
    return {one[:5]: one.used for one in used}


def _key(use: Use) -> tuple[str, str, bool, str, str, int]:
    return use.scope, use.measure, use.everyone, use.every, use.starts_on, use.side
