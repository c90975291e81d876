"""From a question and a compiled rule set to a decision with reasons. Pure and deterministic."""

from benefits.rule_set import RuleSet
from benefits.types import Decision, Question

REVISION = 1
"""Moves when the same question may get another answer; old revisions are asked to quote again."""


def evaluate(rule_set: RuleSet, question: Question) -> Decision:
    """Decide what the member gets for the cart at the instant.

    Prices, line discounts, order discounts, vouchers, shipping, points, earning: each step works
    on what the last left and nothing goes below zero. Raises Points… errors where the points
    asked for cannot be spent; every rule that gives nothing is a reason in the answer instead.
    """
    raise NotImplementedError
