"""Entitlements in a rule: reading one, which of two is better, and asking for them without a cart.

A right is held by a member, not by an order, so a rule that gives one is also asked where there is
no cart: what only a cart can tell counts as not met then. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import assert_never

from benefits.errors import EffectWithoutTarget, MissingField
from benefits.language.nodes import (
    CART_FACTS,
    ENTITLEMENTS,
    EntitlementNode,
    Field,
    Kind,
    fields_of,
)
from benefits.language.tree import AllOf, AnyOf, Comparison, Entitles, Node, Not
from benefits.language.values import (
    read_name,
    read_number,
    read_word,
    refuse_unknown_fields,
)

_KIND = Field("kind", Kind.WORD, required=True, choices=tuple(ENTITLEMENTS))
_EFFECT = Field("effect", Kind.WORD)
ALWAYS = AllOf(())
NEVER = AnyOf(())


def read_entitlement(document: Mapping[str, object], pointer: str, *, bound: bool) -> Entitles:
    """The checked entitlement of an effect. Raises RuleRefused with the pointer to the node."""
    if bound:
        reason = "a right is held by a member, not by a voucher"
        raise EffectWithoutTarget(pointer=pointer, reason=reason)
    if "kind" not in document:
        raise MissingField(pointer=pointer, wanted="kind")
    node = ENTITLEMENTS[read_word(document["kind"], f"{pointer}/kind", _KIND.choices)]
    refuse_unknown_fields(document, (_EFFECT, _KIND, *fields_of(node)), pointer)
    return Entitles(node.name, _subject(node, document, pointer), _value(node, document, pointer))


def rank_of(entitles: Entitles) -> int:
    """How good a right is among those of its kind; the higher, the better for the member."""
    node, value = ENTITLEMENTS[entitles.kind], entitles.value
    if node.value is None or value is None:
        return 0
    if isinstance(value, str):
        return node.value.choices.index(value)
    return -value if node.best == "least" else value


def without_cart(node: Node, *, met: bool) -> Node:
    """The condition with everything that only a cart can tell taken as met, or as not met.

    Where it holds with nothing met, it holds whatever the cart; where it fails with all met, no
    cart would help. A `not` turns the two around.
    """
    match node:
        case AllOf(parts):
            return AllOf(tuple(without_cart(part, met=met) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(without_cart(part, met=met) for part in parts))
        case Not(part):
            return Not(without_cart(part, met=not met))
        case Comparison():
            if node.fact.name not in CART_FACTS:
                return node
            return ALWAYS if met else NEVER
        case _:
            assert_never(node)


def comparisons_of(node: Node) -> Iterator[Comparison]:
    """Every comparison of a condition, in its order."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons_of(part)
        case Not(part):
            yield from comparisons_of(part)
        case Comparison():
            yield node
        case _:
            assert_never(node)


def _subject(node: EntitlementNode, document: Mapping[str, object], pointer: str) -> str | None:
    field = node.subject
    if field is None or field.name not in document:
        return None
    return read_name(document[field.name], f"{pointer}/{field.name}")


def _value(node: EntitlementNode, document: Mapping[str, object], pointer: str) -> int | str | None:
    field = node.value
    if field is None:
        return None
    if field.choices:
        return read_word(document[field.name], f"{pointer}/{field.name}", field.choices)
    return read_number(document[field.name], f"{pointer}/{field.name}", field)
