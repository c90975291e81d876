"""Rules that a paid plan brings: those whose conditions ask for it. Pure.

What a member saved with a plan is what the cart costs without these rules less what it costs with
them.
"""

from typing import Final

from benefits.language.tree import AllOf, AnyOf, Comparison, Node, Not

PLAN_FACTS: Final = frozenset({"plan", "plan-state", "days-since-plan"})


def asks_for_plan(node: Node | None) -> bool:
    """Whether a condition asks for a plan anywhere but inside a `not`."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            return any(asks_for_plan(part) for part in parts)
        case Comparison(fact):
            return fact.name in PLAN_FACTS
        case Not() | None:
            return False
