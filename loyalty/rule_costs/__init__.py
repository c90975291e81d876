"""What rules cost: what each has given every order, kept when it is placed, and read by rule."""

from loyalty.rule_costs.budgets import BudgetUsed, Totals, budgets_of, find_totals
from loyalty.rule_costs.costs import RuleCost, rule_costs
from loyalty.rule_costs.given import given_to

__all__ = [
    "BudgetUsed",
    "RuleCost",
    "Totals",
    "budgets_of",
    "find_totals",
    "given_to",
    "rule_costs",
]
