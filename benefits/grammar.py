"""What a rule may say, for whoever draws a form of it: the one list of nodes, with its words.

Nothing is listed here a second time: a new fact, operator, effect or field of `benefits.language`
is in the grammar as soon as it is there. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benefits.language.effect_nodes import EFFECTS, EffectNode
from benefits.language.nodes import (
    ENTITLEMENTS,
    FACTS,
    LINE_FACTS,
    OPERATORS,
    RULE,
    Fact,
    FactType,
    Field,
    Kind,
    fields_of,
)
from benefits.language.words import FACT_WORDS, OPERATOR_WORDS

RuleField = Field
RuleFact = Fact
FieldKind = Kind
ENTITLEMENT: Final = "entitlement"


@dataclass(frozen=True, slots=True)
class Grammar:
    """The fields of a rule, what its conditions may ask, and what its effects may give."""

    rule: tuple[Field, ...]
    facts: Mapping[str, Fact]
    line_facts: Mapping[str, Fact]
    operators: Mapping[FactType, tuple[Field, ...]]
    effects: Mapping[str, EffectNode]
    rights: Mapping[str, tuple[Field, ...]]
    """The fields of each kind of entitlement."""

    def compared(self, fact: Fact) -> tuple[Field, ...]:
        """The operators that a fact takes, each with the kind of its value."""
        return self.operators[fact.type]

    def given(self, effect: str, right: str) -> tuple[Field, ...]:
        """The fields of an effect; those of an entitlement are said by its kind."""
        if effect == ENTITLEMENT:
            return self.rights[right]
        return self.effects[effect].fields


GRAMMAR: Final = Grammar(
    RULE,
    FACTS,
    LINE_FACTS,
    OPERATORS,
    EFFECTS,
    {name: fields_of(node) for name, node in ENTITLEMENTS.items()},
)


def fact_word(name: str, language: str = "en") -> str:
    """What people call a fact."""
    return FACT_WORDS[name][language.startswith("zh")]


def operator_word(name: str, language: str = "en") -> str:
    """How a comparison is said; one that needs no word, as a window, has none."""
    row = OPERATOR_WORDS.get(name)
    return "" if row is None else row[language.startswith("zh")]
