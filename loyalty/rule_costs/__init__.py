"""What rules cost: what each has given every order, kept when it is placed, and read by rule."""

from loyalty.rule_costs.budgets import BudgetUsed, Totals, budgets_of, find_totals
from loyalty.rule_costs.costs import RuleCost, rule_costs

__all__ = ["BudgetUsed", "RuleCost", "Totals", "budgets_of", "find_totals", "rule_costs"]
