"""What a member could get: the rules whose conditions about the member hold, and what is left.

Pure. Without a cart a condition is true, false, or what remains to be asked of a cart; that rest is
what the member has to do. Rules are asked in the order of their set; nothing is priced.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from benefits.language import Scene, explain_failures
from benefits.language.entitlements import ALWAYS, NEVER, comparisons_of, without_cart
from benefits.language.evaluator import judge_of
from benefits.language.facts import READERS
from benefits.language.nodes import CART_FACTS
from benefits.language.printer import Speaker, print_condition, print_rule
from benefits.language.tree import AllOf, AnyOf, Comparison, Node, Not, Rule
from benefits.reasons import FAR, because, outside_schedule
from benefits.rule_set import CompiledRule, RuleSet
from benefits.types import Cart, Facts, Line, NotApplied

_NO_CART = Cart(currency="", lines=(Line("", "", 1, 0),))
_NO_NAMES: Mapping[str, str] = {}
_TURNED: Mapping[Node, Node] = {ALWAYS: NEVER, NEVER: ALWAYS}


@dataclass(frozen=True, slots=True)
class Offer:
    """A rule that a member could get something from; `needs` is what only a cart can tell."""

    rule: Rule
    version: int
    needs: Node | None


@dataclass(frozen=True, slots=True)
class NearOffer:
    """A rule that one thing about the member keeps from them, and what that is.

    The offer's `needs` are all its conditions.
    """

    offer: Offer
    reason: NotApplied


def offers_of(
    rule_set: RuleSet, facts: Facts, at: datetime, *, barred: Collection[str] = ()
) -> tuple[Offer, ...]:
    """The rules that a member could get something from now: what needs nothing first.

    Those of vouchers are left out, as whoever holds one sees the voucher; so are the `barred`.
    """
    scene = Scene(_NO_CART, facts, ())
    found = [
        offer
        for rule in rule_set.rules
        if rule.name not in barred and rule.rule.voucher is None and not outside_schedule(rule, at)
        if (offer := _offer(rule, scene, rule_set.tiers)) is not None
    ]
    return tuple(sorted(found, key=lambda offer: _effort(offer.needs)))


def asks_for_tier(rule_set: RuleSet) -> RuleSet:
    """The rule set with the rules alone that ask for the tier: all that another tier may add."""
    rules = tuple(rule for rule in rule_set.rules if "tier" in _asked(rule))
    return replace(rule_set, rules=rules)


def near_offers(
    rule_set: RuleSet, facts: Facts, at: datetime, *, barred: Collection[str] = ()
) -> tuple[NearOffer, ...]:
    """The rules that the member lacks one thing for which time or orders bring: nearest first."""
    scene = Scene(_NO_CART, facts, ())
    found: list[tuple[int, int, NearOffer]] = []
    for rule in rule_set.rules:
        if rule.name in barred or rule.rule.voucher is not None:
            continue
        missing = _missing(rule, scene, rule_set.tiers, at)
        if len(missing) == 1:
            distance, reason = missing[0]
            if reason.unlock is not None and reason.fact != "tier":
                offer = Offer(rule.rule, rule.version, rule.rule.when)
                found.append((distance, rule.position, NearOffer(offer, reason)))
    found.sort(key=lambda each: each[:2])
    return tuple(each for _, _, each in found)


def offer_sentence(
    offer: Offer,
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """What the member could get and what they have to do for it, in one plain sentence.

    What holds of the member already is not said, nor when the rule is open.
    """
    rest = replace(offer.rule, when=offer.needs, schedule=None)
    return print_rule(rest, Speaker(language, money, names))


def needs_sentence(
    offer: Offer,
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
) -> str | None:
    """What the cart has to be like, as a clause; None where any cart will do."""
    if offer.needs is None:
        return None
    return print_condition(offer.needs, Speaker(language, money, names))


def _offer(rule: CompiledRule, scene: Scene, tiers: Sequence[str]) -> Offer | None:
    """The rule as it is left for the member; None where no cart would help."""
    when = rule.rule.when
    rest = ALWAYS if when is None else _rest(when, scene, tiers)
    if rest == NEVER:
        return None
    return Offer(rule.rule, rule.version, None if rest == ALWAYS else rest)


def _rest(node: Node, scene: Scene, tiers: Sequence[str]) -> Node:
    """What remains of a condition once the member is known: always, never, or of the cart."""
    match node:
        case AllOf(parts):
            left = [_rest(part, scene, tiers) for part in parts]
            return _joined(AllOf, left, idle=ALWAYS, final=NEVER)
        case AnyOf(parts):
            left = [_rest(part, scene, tiers) for part in parts]
            return _joined(AnyOf, left, idle=NEVER, final=ALWAYS)
        case Not(part):
            rest = _rest(part, scene, tiers)
            return _TURNED.get(rest, Not(rest))
        case Comparison():
            if node.fact.name in CART_FACTS:
                return node
            return ALWAYS if judge_of(node, tiers)(READERS[node.fact.name](scene)) else NEVER
        case _:
            assert_never(node)


def _joined(
    kind: type[AllOf] | type[AnyOf], parts: Sequence[Node], *, idle: Node, final: Node
) -> Node:
    """Parts that all or any of must hold, without those that change nothing; one is enough."""
    if final in parts:
        return final
    kept = tuple(part for part in parts if part != idle)
    return kept[0] if len(kept) == 1 else kind(kept)


def _missing(
    rule: CompiledRule, scene: Scene, tiers: Sequence[str], at: datetime
) -> list[tuple[int, NotApplied]]:
    """Everything about the member and the time that keeps a rule from them."""
    missing = [(FAR, reason) for reason in outside_schedule(rule, at)]
    if rule.rule.when is not None:
        asked = without_cart(rule.rule.when, met=True)
        failures = explain_failures(asked, scene, tiers, rule.stage)
        missing += [(failure.distance, because(rule, failure, None)) for failure in failures]
    return missing


def _asked(rule: CompiledRule) -> set[str]:
    """The facts that a rule's conditions ask for."""
    when = rule.rule.when
    return set() if when is None else {each.fact.name for each in comparisons_of(when)}


def _effort(needs: Node | None) -> int:
    """How many comparisons are left for the cart."""
    return 0 if needs is None else sum(1 for _ in comparisons_of(needs))
