"""What a rule set says of single units, for lists of products: whatever else is bought. Pure.

A price in a list should hold in every cart. So rules are left out that ask about the cart or wait
for a voucher, and of the others whatever is shared by several units or given once for an order.
What remains is asked by the same evaluator, each unit as a cart of its own.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from benefits.index import Index
from benefits.language.entitlements import comparisons_of
from benefits.language.nodes import CART_FACTS
from benefits.language.tree import (
    AmountOff,
    EarnBands,
    EarnEach,
    EarnMultiplier,
    EarnRate,
    Effect,
    ExclusivePrice,
    PercentOff,
)
from benefits.rule_set import CompiledEffect, CompiledRule, RuleSet

OF_THE_PLACE: Final = frozenset({"channel", "country"})
"""The facts of a cart that a list of products has as well."""
_NEEDS_A_CART: Final = CART_FACTS - OF_THE_PLACE


@lru_cache(maxsize=8)
def unit_rules(rule_set: RuleSet) -> RuleSet:
    """The rule set with only what holds for a single unit in every cart, kept by set."""
    rules = tuple(_by_unit(rule) for rule in rule_set.rules)
    kept = {rule.position for rule in rules if rule.steps}
    by_kind = {
        kind: {value: _those(positions, kept) for value, positions in by_value.items()}
        for kind, by_value in rule_set.index.by_kind.items()
    }
    index = Index(_those(rule_set.index.always, kept), by_kind)
    return replace(rule_set, rules=rules, index=index, told=(), entitling=())


def _those(positions: tuple[int, ...], kept: set[int]) -> tuple[int, ...]:
    return tuple(position for position in positions if position in kept)


def _by_unit(compiled: CompiledRule) -> CompiledRule:
    """The rule with the effects that work on each unit by itself; without any where it has none."""
    rule = compiled.rule
    asked = () if rule.when is None else comparisons_of(rule.when)
    if rule.voucher is not None or any(each.fact.name in _NEEDS_A_CART for each in asked):
        return replace(compiled, steps=(), earning=(), entitles=(), gives=())
    steps = tuple((step, _of_units(effects)) for step, effects in compiled.steps)
    earning = tuple((rank, _of_units(effects)) for rank, effects in compiled.earning)
    return replace(
        compiled,
        steps=tuple(each for each in steps if each[1]),
        earning=tuple(each for each in earning if each[1]),
        entitles=(),
        gives=(),
    )


def _of_units(effects: tuple[CompiledEffect, ...]) -> tuple[CompiledEffect, ...]:
    return tuple(each for each in effects if _is_of_units(each.effect))


def _is_of_units(effect: Effect) -> bool:
    match effect:
        case ExclusivePrice() | EarnRate() | EarnBands() | EarnMultiplier():
            return True
        case EarnEach(each=each):
            return each == "unit"
        case PercentOff(percent=percent, target="lines", cap=None, units=None):
            return percent is not None
        case AmountOff(amount=amount, target="lines", each_unit=True, cap=None, units=None):
            return amount is not None and effect.every is None
        case _:
            return False
