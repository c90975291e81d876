"""Which rights a member holds: the best of each kind that any rule gives. Pure.

With a cart the candidates of its decision are asked; without one every rule that gives a right is,
what only a cart can tell taken as not met. Groups and exclusive rules are about money and points:
of rights the best holds always, and the answer names the rule that gave it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benefits.language import Scene, closed_by, explain_failures
from benefits.language.entitlements import comparisons_of, rank_of, without_cart
from benefits.language.nodes import CART_FACTS, ENTITLEMENTS
from benefits.language.tree import Entitles
from benefits.pricing import Candidate, Till
from benefits.reasons import FAR, MOST_TOLD_AT_ONCE, because, outside_schedule
from benefits.rule_set import CompiledRule, RuleSet
from benefits.types import Cart, Entitlement, Facts, Line, NotApplied

DEPENDS_ON_ORDER = "depends-on-order"
_KINDS = tuple(ENTITLEMENTS)
# Stands where a scene wants a cart: conditions are asked without what they would ask of it.
_NO_CART = Cart(currency="", lines=(Line("", "", 1, 0),))


@dataclass(frozen=True, slots=True)
class NotHeld:
    """A right that is not held, and why."""

    entitlement: Entitlement
    reason: NotApplied


@dataclass(frozen=True, slots=True)
class Rights:
    """What a member holds without a cart, and what they might: the nearest first."""

    held: tuple[Entitlement, ...]
    not_held: tuple[NotHeld, ...] = ()


@dataclass(slots=True)
class Entitled:
    """The rights of a decision, the candidates that gave one, and what beat the others."""

    held: tuple[Entitlement, ...] = ()
    contributed: set[int] = field(default_factory=set)
    fates: dict[int, tuple[str, str | None]] = field(default_factory=dict)


def entitle(candidates: Iterable[Candidate], till: Till) -> Entitled:
    """The rights that the candidates give together, the best of each kind."""
    giving = [each for each in candidates if each.rule.entitles and till.passes(each)]
    if not giving:
        return Entitled()
    best = _best([right for each in giving for right in _rights_of(each.rule)])
    entitled = Entitled(tuple(right.entitlement for right in best))
    gave = {right.entitlement.rule for right in best}
    for candidate in giving:
        if candidate.rule.name in gave:
            entitled.contributed.add(candidate.number)
        else:
            lost = _rights_of(candidate.rule)[0]
            winner = next(right for right in best if right.covers(lost))
            entitled.fates[candidate.number] = ("lost-to", winner.entitlement.rule)
    return entitled


def rights_of(rule_set: RuleSet, facts: Facts, at: datetime) -> Rights:
    """What a member holds at the instant whatever they order, and at most ten that are near."""
    scene = Scene(_NO_CART, facts, ())
    best = _best(
        [
            right
            for rule in rule_set.entitling
            if _is_held(rule, scene, at)
            for right in _rights_of(rule)
        ]
    )
    near = [
        (distance, rule.position, NotHeld(right.entitlement, reason))
        for rule in rule_set.entitling
        for distance, reason in _missing(rule, rule_set.tiers, scene, at)
        for right in _rights_of(rule)
        if not any(held.covers(right) for held in best)
    ]
    near.sort(key=lambda each: each[:2])
    told = tuple(each for _, _, each in near[:MOST_TOLD_AT_ONCE])
    return Rights(tuple(right.entitlement for right in best), told)


def held_at(rule_set: RuleSet, facts: Facts, at: datetime) -> frozenset[object]:
    """The rights alone that are held at an instant, whichever rule gives them."""
    scene = Scene(_NO_CART, facts, ())
    given = [
        right
        for rule in rule_set.entitling
        if _is_held(rule, scene, at)
        for right in _rights_of(rule)
    ]
    return frozenset(right.entitlement.right for right in _best(given))


def entitlement_unit(right: Entitlement) -> str | None:
    """What the number of a right counts: hours or days; None where it has no number."""
    value = ENTITLEMENTS[right.kind].value
    return value.name if value is not None and not value.choices else None


@dataclass(frozen=True, slots=True)
class _Right:
    """A right with how good it is among those of its kind."""

    entitlement: Entitlement
    rank: int

    def covers(self, other: "_Right") -> bool:
        """Whether who holds this has nothing from the other."""
        mine, theirs = self.entitlement, other.entitlement
        concerns = mine.subject is None or mine.subject == theirs.subject
        return mine.kind == theirs.kind and concerns and self.rank >= other.rank


def _best(given: Sequence[_Right]) -> list[_Right]:
    """What is left when every right goes that another covers; of two alike the first stays."""
    kept: list[_Right] = []
    for right in given:
        if not any(other.covers(right) for other in kept):
            kept = [other for other in kept if not right.covers(other)]
            kept.append(right)
    kept.sort(key=_place)
    return kept


def _place(right: _Right) -> tuple[int, str]:
    """Kinds stand as in the list of nodes, what is about everything first."""
    return _KINDS.index(right.entitlement.kind), right.entitlement.subject or ""


def _rights_of(rule: CompiledRule) -> list[_Right]:
    return [_Right(_entitlement(rule, effect), rank_of(effect)) for effect in rule.entitles]


def _entitlement(rule: CompiledRule, effect: Entitles) -> Entitlement:
    return Entitlement(
        effect.kind, effect.subject, effect.value, rule.name, rule.version, rule.rule.titles
    )


def _is_held(rule: CompiledRule, scene: Scene, at: datetime) -> bool:
    return _is_open(rule, at) and (rule.alone is None or rule.alone(scene))


def _is_open(rule: CompiledRule, at: datetime) -> bool:
    schedule = rule.rule.schedule
    return schedule is None or closed_by(schedule, at, at.astimezone(rule.zone)) is None


def _missing(
    rule: CompiledRule, tiers: Sequence[str], scene: Scene, at: datetime
) -> list[tuple[int, NotApplied]]:
    """The one thing that keeps a rule from holding; nothing where it holds or more is missing.

    What the member can do nothing about is told only of rules marked `tell`.
    """
    if _is_held(rule, scene, at):
        return []
    missing = [(FAR, reason) for reason in outside_schedule(rule, at)]
    when = rule.rule.when
    if when is not None and rule.alone is not None:
        failures = explain_failures(without_cart(when, met=True), scene, tiers, rule.stage)
        missing += [(failure.distance, because(rule, failure, None)) for failure in failures]
        if not failures and not rule.alone(scene):
            missing.append((0, _depends(rule)))
    if len(missing) != 1:
        return []
    reason = missing[0][1]
    tells = rule.rule.tell or reason.unlock is not None or reason.code == DEPENDS_ON_ORDER
    return missing if tells else []


def _depends(rule: CompiledRule) -> NotApplied:
    """Only an order can tell, by the first of its facts that the rule asks for."""
    asked = comparisons_of(rule.rule.when) if rule.rule.when is not None else ()
    fact = next((each.fact.name for each in asked if each.fact.name in CART_FACTS), None)
    return NotApplied(DEPENDS_ON_ORDER, rule.name, rule.version, fact=fact)
