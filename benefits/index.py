"""The condition that tells rules apart: so that a quote's cost grows with candidates. Pure.

Of every rule one requirement is taken that it cannot do without ("one of these SKUs", "one of
these tiers"), the most telling first. Where a cart does not meet it, the rule is not looked at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from benefits.language import wanted_tiers, where_of
from benefits.language.nodes import FactType
from benefits.language.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Effect,
    FreeShipping,
    Node,
    Rule,
)
from benefits.types import Question

_AT_LEAST_ONE = ("is", "at-least")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A rule can only apply where the kind has one of the values."""

    kind: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Index:
    """Positions of rules by what they require."""

    always: tuple[int, ...]
    by_kind: Mapping[str, Mapping[str, tuple[int, ...]]]

    def admitted(self, question: Question) -> list[int]:
        """The positions of the rules that this question may concern, in order."""
        found: set[int] = set(self.always)
        for kind, by_value in self.by_kind.items():
            for value in by_value.keys() & _PRESENT[kind](question):
                found.update(by_value[value])
        return sorted(found)


def build_index(rules: Sequence[Rule], tiers: Sequence[str]) -> Index:
    """The index over rules in the order of their positions."""
    always: list[int] = []
    by_kind: dict[str, dict[str, list[int]]] = {}
    for position, rule in enumerate(rules):
        requirement = _most_telling(_requirements(rule, tiers))
        if requirement is None:
            always.append(position)
            continue
        by_value = by_kind.setdefault(requirement.kind, {})
        for value in requirement.values:
            by_value.setdefault(value, []).append(position)
    frozen = {
        kind: {value: tuple(positions) for value, positions in by_value.items()}
        for kind, by_value in by_kind.items()
    }
    return Index(tuple(always), frozen)


def _some(value: str | None) -> Iterable[str]:
    return () if value is None else (value,)


_PRESENT: Mapping[str, Callable[[Question], Iterable[str]]] = {
    "event": lambda question: _some(question.event),
    "voucher": lambda question: {voucher.definition for voucher in question.vouchers},
    "sku": lambda question: {line.sku for line in question.cart.lines},
    "line-tags": lambda question: {tag for line in question.cart.lines for tag in line.tags},
    "brand": lambda question: {line.brand for line in question.cart.lines},
    "category": lambda question: {line.category for line in question.cart.lines},
    "voucher-codes": lambda question: [voucher.code for voucher in question.vouchers],
    "lists": lambda question: question.facts.lists,
    "tags": lambda question: question.facts.tags,
    "birthday": lambda question: question.facts.birthday,
    "tier": lambda question: _some(question.facts.tier),
    "channel": lambda question: (question.cart.channel,),
    "country": lambda question: (question.cart.country,),
    "shipping-method": lambda question: (question.cart.shipping_method,),
    "class": lambda question: _some(question.facts.member_class),
    "plan-state": lambda question: _some(question.facts.plan_state),
}
"""The values of each kind that a question has, from the most telling kind to the least."""

KINDS = tuple(_PRESENT)
_LINE_KINDS = {"sku": "sku", "category": "category", "brand": "brand", "tags": "line-tags"}
"""The kinds that are about a line, by its fact: members have tags, too."""
_FACT_KINDS = {kind: kind for kind in KINDS if kind not in _LINE_KINDS.values()}


def _requirements(rule: Rule, tiers: Sequence[str]) -> list[Requirement]:
    found = [] if rule.when is None else _of_condition(rule.when, tiers, _FACT_KINDS)
    if rule.on is not None:
        found.append(Requirement("event", frozenset({rule.on})))
    if rule.voucher is not None:
        found.append(Requirement("voucher", frozenset({rule.voucher})))
    of_effects = _united([_of_effect(effect, tiers) for effect in rule.effects])
    found.extend(of_effects)
    return found


def _of_effect(effect: Effect, tiers: Sequence[str]) -> list[Requirement]:
    """An effect on certain lines needs one of them; shipping by a method needs the method."""
    if isinstance(effect, FreeShipping):
        if not effect.methods:
            return []
        return [Requirement("shipping-method", frozenset(effect.methods))]
    where = where_of(effect)
    return [] if where is None else _of_condition(where, tiers, _LINE_KINDS)


def _of_condition(node: Node, tiers: Sequence[str], kinds: Mapping[str, str]) -> list[Requirement]:
    """What a condition requires; `kinds` are those of its facts that can be looked up."""
    match node:
        case AllOf(parts):
            return [found for part in parts for found in _of_condition(part, tiers, kinds)]
        case AnyOf(parts):
            return _united([_of_condition(part, tiers, kinds) for part in parts])
        case Comparison():
            return _of_comparison(node, tiers, kinds)
        case _:
            return []


def _of_comparison(
    node: Comparison, tiers: Sequence[str], kinds: Mapping[str, str]
) -> list[Requirement]:
    if node.fact.type is FactType.TIER:
        return [Requirement("tier", frozenset(wanted_tiers(node, tiers)))]
    if node.fact.name in {"subtotal", "quantity"}:
        needs_some = node.operator in _AT_LEAST_ONE and cast("int", node.wanted) >= 1
        if node.where is None or not needs_some:
            return []
        return _of_condition(node.where, tiers, _LINE_KINDS)
    kind = kinds.get(node.fact.name)
    if kind is None:
        return []
    wanted = node.wanted if isinstance(node.wanted, tuple) else (str(node.wanted),)
    if node.operator == "has-all":
        wanted = wanted[:1]
    return [Requirement(kind, frozenset(wanted))]


def _united(alternatives: list[list[Requirement]]) -> list[Requirement]:
    """What every alternative requires: per kind that all of them name, the union of the values."""
    united = []
    for kind in KINDS:
        sets = [
            [requirement.values for requirement in found if requirement.kind == kind]
            for found in alternatives
        ]
        if all(sets):
            smallest = (min(values, key=len) for values in sets)
            united.append(Requirement(kind, frozenset().union(*smallest)))
    return united


def _most_telling(found: list[Requirement]) -> Requirement | None:
    if not found:
        return None
    return min(found, key=lambda each: (KINDS.index(each.kind), len(each.values)))
