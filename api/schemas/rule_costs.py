"""Shapes of what rules cost."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from loyalty.rule_costs import BudgetUsed, RuleCost


class RuleCostQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Since which business day; 30 days ago when left out."""

    since: date | None = None


class BudgetUsedOut(Struct, frozen=True):
    """A limit for all members together, and how much of it is used in the running period."""

    count: str
    every: str
    most: int
    used: int

    @classmethod
    def of(cls, budget: BudgetUsed) -> "BudgetUsedOut":
        """Show the budget."""
        return cls(budget.count, budget.every, budget.most, budget.used)


class RuleCostOut(Struct, frozen=True):
    """What a live rule gave to how many orders and members: money taken off, points earned."""

    rule: str
    version: int
    orders: int
    members: int
    money: int
    points: int
    budgets: list[BudgetUsedOut]

    @classmethod
    def of(cls, cost: RuleCost) -> "RuleCostOut":
        """Show the cost."""
        return cls(
            rule=cost.rule,
            version=cost.version,
            orders=cost.orders,
            members=cost.members,
            money=cost.money,
            points=cost.points,
            budgets=[BudgetUsedOut.of(each) for each in cost.budgets],
        )


class RuleCostsOut(Struct, frozen=True):
    """What the live rules gave since a day, as decided at placing, without cancelled orders."""

    since: date
    items: list[RuleCostOut]

    @classmethod
    def of(cls, since: date, costs: Sequence[RuleCost]) -> "RuleCostsOut":
        """Show the costs."""
        return cls(since, [RuleCostOut.of(each) for each in costs])
