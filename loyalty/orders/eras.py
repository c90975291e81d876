"""What a member's history is decided by, as of each instant of it.

Pure. Policies and rule sets follow one another; an order is decided by those that were in force
when it was placed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from benefits import RuleSet, Switch, held_out_of
from loyalty.books import Estimate
from loyalty.cause import Cause
from loyalty.orders.facts import Earlier
from loyalty.policy import Policy
from tiers import Ladder


class Era(NamedTuple):
    """The policy and the rule set that were in force from an instant on."""

    since: datetime
    policy: Policy
    rule_set: RuleSet | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What history is decided by, and what it may move.

    Without a rule set nothing is earned; without a ladder no standing moves. `later` are the
    policies and rule sets that followed, in order of time; `estimates` what finance signed for
    what is earned by buying, `stops` how rules were stopped by hand, oldest first.
    """

    policy: Policy
    rule_set: RuleSet | None
    ladder: Ladder | None
    cause: Cause
    mint: Callable[[datetime], UUID]
    channel: str = ""
    country: str = ""
    later: Sequence[Era] = ()
    estimates: Sequence[Estimate] = ()
    stops: Sequence[Switch] = ()

    def stopped_at(self, at: datetime) -> tuple[str, ...]:
        """Return the live rules that were stopped by hand."""
        rule_set = self.rule_set_at(at)
        if not self.stops or rule_set is None:
            return ()
        newest = {one.rule: one for one in self.stops if one.at <= at}
        stopped = {rule for rule, one in newest.items() if one.stopped}
        return tuple(sorted(stopped.intersection(rule.name for rule in rule_set.rules)))

    def held_out_at(self, at: datetime, member: UUID) -> tuple[str, ...]:
        """Return the live rules that hold a member out."""
        rule_set = self.rule_set_at(at)
        return () if rule_set is None else held_out_of(rule_set, member)

    def policy_at(self, at: datetime) -> Policy:
        """Return the policy that was in force."""
        for era in reversed(self.later):
            if era.since <= at:
                return era.policy
        return self.policy

    def day_of(self, at: datetime) -> date:
        """Return the business day of an instant."""
        return self.policy_at(at).day_of(at)

    def rule_set_at(self, at: datetime) -> RuleSet | None:
        """Return the rule set that was live."""
        for era in reversed(self.later):
            if era.since <= at:
                return era.rule_set
        return self.rule_set


@dataclass(slots=True)
class Counted:
    """How many orders there were before an instant, and on which day the last of them was placed.

    Those of the same instant are not before.
    """

    earlier: int
    last_on: date | None = None
    at: datetime | None = None
    on: date | None = None
    same: int = 0

    def before(self, at: datetime, on: date) -> Earlier:
        """Count an order in, the next in time, and return those before it."""
        if at != self.at:
            if self.same:
                self.earlier, self.last_on = self.earlier + self.same, self.on
            self.at, self.on, self.same = at, on, 0
        self.same += 1
        return Earlier(self.earlier, self.last_on)
