"""The rule language: one list of nodes, and what is read from it. Standard library only.

`read_rule` checks a document, `compile_condition` makes it a function, `explain_failures` says
why it does not hold, and the printer says the rule in a sentence. It knows neither SQL nor HTTP.
"""

from benefits.language.checker import read_rule, subtotal_reached
from benefits.language.effects import step_of, where_of
from benefits.language.evaluator import compile_condition, compile_line_condition, wanted_tiers
from benefits.language.explainer import Failure, explain_failures
from benefits.language.facts import Scene
from benefits.language.schedule import closed_by

__all__ = [
    "Failure",
    "Scene",
    "closed_by",
    "compile_condition",
    "compile_line_condition",
    "explain_failures",
    "read_rule",
    "step_of",
    "subtotal_reached",
    "wanted_tiers",
    "where_of",
]
