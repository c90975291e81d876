"""What rules know of a membership: the plan while it gives access, its state, and since when.

One column of whoever reads a member: access follows from the row and the instant, so that nothing
waits for a job, and the plan of a member is a fact of the next quote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import JSON

from benefits import Facts
from loyalty.membership.tables import membership
from loyalty.membership.types import PlanState
from loyalty.policy import Policy

PLAN_FACTS: Final = frozenset({"plan", "plan-state", "days-since-plan"})
"""What the rule language calls them."""
_INSTANTS: Final = (
    "began_at", "access_until", "late_from", "cancel_at", "past_due_since", "period_end",
    "paused_at", "ended_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """The last membership that a member began, as its row says."""

    plan: str
    began_at: datetime
    access_until: datetime
    late_from: datetime | None
    cancel_at: datetime | None
    past_due_since: datetime | None
    period_end: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None

    def state_at(self, at: datetime) -> PlanState:
        """Return the state at an instant, as `states.standing_of` says it."""
        if self.paused_at is not None and self.ended_at is None and at >= self.paused_at:
            return "paused"
        if at >= self.access_until:
            return "ended"
        if self.cancel_at is not None:
            return "cancelled"
        late = min(filter(None, (self.late_from, self.past_due_since)), default=None)
        if late is not None and at >= late:
            return "past-due"
        return "trial" if self.period_end is None else "active"

    def gives_access(self, at: datetime) -> bool:
        """Whether it gives access at an instant."""
        return self.began_at <= at < self.access_until

    def turns(self) -> tuple[datetime, ...]:
        """Return the instants at which its facts change by themselves."""
        ends = (self.began_at, self.access_until, self.late_from, self.past_due_since)
        return tuple(filter(None, ends))


def with_plan(facts: Facts, held: HeldPlan | None, policy: Policy, at: datetime) -> Facts:
    """Return the facts with those of a membership; one without access is no plan."""
    if held is None or at < held.began_at:
        return facts
    state = held.state_at(at)
    if not held.gives_access(at):
        return replace(facts, plan_state=state)
    days = (policy.day_of(at) - policy.day_of(held.began_at)).days
    return replace(facts, plan=held.plan, plan_state=state, days_since_plan=days)


def plan_json(whose: ColumnElement[Any], at: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the column that `read_plan` reads: the one that gives access, or the last begun."""
    of = membership.alias("held")
    columns = (of.c.plan, *(of.c[name] for name in _INSTANTS))
    return (
        select(func.json_build_array(*columns, type_=JSON))
        .where(of.c.member == whose, of.c.began_at <= at)
        .order_by((of.c.access_until > at).desc(), of.c.began_at.desc(), of.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def read_plan(stored: Sequence[Any] | None) -> HeldPlan | None:
    """Return the membership that was read, if there is one."""
    if stored is None:
        return None
    plan, began_at, access_until, *instants = stored
    rest = (None if text is None else datetime.fromisoformat(text) for text in instants)
    began, until = datetime.fromisoformat(began_at), datetime.fromisoformat(access_until)
    return HeldPlan(plan, began, until, *rest)
