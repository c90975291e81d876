"""A dry run over past orders: what was asked, how far it is, and what came of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from benefits import Question, RuleChange
from loyalty.orders.types import History

RUN: Final = "dry"
"""How ids of dry runs begin."""
MOST_DAYS: Final = 1_100

ShopPriced = Literal["earning", "as-regular"]
"""What is decided for orders that came with what was paid: only what they earn, or also prices, as
if what was paid had been the regular price.
"""
State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """A draft over the orders placed in `[since, until)`, as it was when it was asked for.

    `figures` are what the draft would have changed, drafted minus live; `failure` is the code of
    why there are none.
    """

    id: UUID
    draft: UUID
    change: RuleChange
    rule_set: int | None
    since: datetime
    until: datetime
    days: int
    shop_priced: ShopPriced
    asked_at: datetime
    actor: str
    selected: int | None = None
    done: int = 0
    finished_at: datetime | None = None
    figures: Mapping[str, Any] | None = None
    failure: str | None = None
    draft_changed: bool = False
    """Whether the draft holds another change by now."""
    rule_set_moved: bool = False
    """Whether another rule set is live by now."""

    @property
    def state(self) -> State:
        """How far it is."""
        if self.failure is not None:
            return "failed"
        if self.figures is not None:
            return "done"
        return "waiting" if self.selected is None else "running"


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order with the question that it was decided by; `paid` where only earning is decided.

    `member` is whose facts and counters they were, `whose` the member it belongs to by now.
    """

    member: UUID
    whose: UUID | None
    question: Question
    history: History
    paid: bool
