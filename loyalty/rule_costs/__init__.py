"""What rules cost: what each has given every order, kept when it is placed, and read by rule."""

from loyalty.rule_costs.costs import BudgetUsed, RuleCost, rule_costs

__all__ = ["BudgetUsed", "RuleCost", "rule_costs"]
