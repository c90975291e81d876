"""Whom something is for: a condition about the member alone, in the language of rules. Pure.

Rules ask about member, cart and order; what is offered outside a cart (a reward of the catalogue)
can only ask about the member. The condition is read by the same checker, judged by the same
evaluator and explained by the same explainer as that of a rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benefits.errors import UnknownFact
from benefits.language import Scene, explain_failures
from benefits.language.checker import ConditionReader
from benefits.language.tree import AllOf, AnyOf, Comparison, Node, Not
from benefits.records import Vocabulary
from benefits.types import Cart, Facts, Line, NotApplied

MEMBER_FACTS: Final = (
    "member",
    "tier",
    "class",
    "days-since-joining",
    "birthday",
    "tags",
    "lists",
    "first-order",
    "order-count",
    "days-since-last-order",
    "plan",
    "plan-state",
    "days-since-plan",
)
"""The facts that are there without a cart."""

_NOTHING: Final = Cart("XTS", (Line("1", "none", 1, 0),))
_FIRST_STAGE: Final = 0


@dataclass(frozen=True, slots=True)
class Audience:
    """A checked condition, and the tiers it was checked with, from lowest to highest."""

    node: Node
    tiers: tuple[str, ...]


def read_audience(
    document: Mapping[str, object], *, tiers: Sequence[str], pointer: str = ""
) -> Audience:
    """The checked condition. Raises RuleRefused with the pointer, also for a fact of a cart."""
    node = ConditionReader(Vocabulary(tiers=tuple(tiers))).condition(document, pointer)
    _refuse_facts_of_a_cart(node, pointer)
    return Audience(node, tuple(tiers))


def why_not(audience: Audience, facts: Facts) -> tuple[NotApplied, ...]:
    """What would have to change for the member to belong to it; nothing where they do."""
    scene = Scene(_NOTHING, facts, ())
    return tuple(
        NotApplied(
            code=failure.code,
            fact=failure.fact,
            operator=failure.operator,
            seen=failure.seen,
            wanted=failure.wanted,
            unlock=failure.unlock,
        )
        for failure in explain_failures(audience.node, scene, audience.tiers, _FIRST_STAGE)
    )


def _refuse_facts_of_a_cart(node: Node, pointer: str) -> None:
    match node:
        case AllOf(parts) | AnyOf(parts):
            joint = "all" if isinstance(node, AllOf) else "any"
            for place, part in enumerate(parts):
                _refuse_facts_of_a_cart(part, f"{pointer}/{joint}/{place}")
        case Not(part):
            _refuse_facts_of_a_cart(part, f"{pointer}/not")
        case Comparison(fact):
            if fact.name not in MEMBER_FACTS:
                raise UnknownFact(
                    pointer=f"{pointer}/fact", seen=fact.name, wanted=", ".join(MEMBER_FACTS)
                )
