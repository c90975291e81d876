"""What is live together, compiled once and indexed by the condition that tells rules apart. Pure.

Rules stand by priority (highest first), then by name: that order decides every tie.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from benefits.counted import Limit
from benefits.counting import bands_scope, group_scope, rate_scope, scope_of
from benefits.errors import DuplicateRule, TooManyTold
from benefits.grouping import limits_of
from benefits.index import Index, build_index
from benefits.language import (
    compile_condition,
    compile_line_condition,
    read_rule,
    step_of,
    subtotal_reached,
    where_of,
)
from benefits.language.entitlements import without_cart
from benefits.language.evaluator import Test
from benefits.language.facts import LineTest
from benefits.language.tree import (
    AllOf,
    AnyOf,
    BuyGet,
    Comparison,
    EarnBands,
    EarnBonus,
    EarnEach,
    EarnMultiplier,
    EarnRate,
    Effect,
    Entitles,
    GiftOf,
    Node,
    Not,
    Rule,
    VoucherOf,
)
from benefits.plan_rules import asks_for_plan
from benefits.records import Group, RuleVersion, Vocabulary
from benefits.rooms import Bound
from benefits.types import Step

MOST_TOLD = 50
"""How many rules of a set may be marked as worth telling: each is looked at for every quote."""

_LINES_STAGE = 2


@dataclass(frozen=True, slots=True, eq=False)
class CompiledEffect:
    """An effect, the step it works in, and the lines it works on (None: all)."""

    effect: Effect
    step: Step
    picks: LineTest | None
    position: int = 0
    """Where it stands among the effects of its rule."""
    gets: LineTest | None = None
    """The lines that may be had for those it works on, where it says which."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule ready to be asked."""

    position: int
    name: str
    version: int
    rule: Rule
    test: Test | None
    stage: int
    """How far the order is priced when the rule's conditions are asked."""
    zone: ZoneInfo
    mode: str
    steps: tuple[tuple[Step, tuple[CompiledEffect, ...]], ...]
    earning: tuple[tuple[int, tuple[CompiledEffect, ...]], ...]
    """The earning effects by rank: rates (0), multipliers (1), bonuses (2)."""
    home: ZoneInfo
    """The programme's zone, in which limits have their days and months."""
    counts: bool
    """Whether remainders or bands of what it earns are counted."""
    bounds: tuple[Bound, ...] = ()
    """The limits that bind it: its own, and those of its group."""
    entitles: tuple[Entitles, ...] = ()
    gives: tuple[GiftOf | VoucherOf, ...] = ()
    """What it gives beside the money."""
    alone: Test | None = None
    """The conditions of a rule that entitles, what only a cart can tell taken as not met."""
    of_plan: bool = False
    """Whether its conditions ask for a paid plan."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """A compiled rule set; keep it by version, it never changes."""

    version: int
    zone: str
    tiers: tuple[str, ...]
    rules: tuple[CompiledRule, ...]
    index: Index
    told: tuple[CompiledRule, ...]
    codes: frozenset[str]
    """The codes that rules ask for by name, which need not be vouchers."""
    earns_by_line: bool
    """Whether any rule that earns looks at lines rather than at the order alone."""
    scopes: frozenset[str] = frozenset()
    """The scopes of the counters that its rules look at."""
    entitling: tuple[CompiledRule, ...] = ()
    """The rules that give a right, whatever else they give."""
    holdouts: tuple[tuple[str, int], ...] = ()
    """The rules that hold out a share of members, with the share in hundredths of a percent."""


def compile_rule_set(
    rules: Iterable[RuleVersion],
    *,
    version: int = 0,
    zone: str = "UTC",
    tiers: Sequence[str] = (),
    groups: Sequence[Group] = (),
) -> RuleSet:
    """Check, compile and index rules. Tiers stand from lowest to highest; zone is the programme's.

    Raises RuleRefused with the pointer to the node, or RuleSetRefused.
    """
    named = {group.name: group for group in groups}
    limits = {group.name: limits_of(group) for group in groups if group.limits}
    vocabulary = Vocabulary(tiers=tuple(tiers), groups=tuple(named))
    read = [(read_rule(stored.document, vocabulary), stored.version) for stored in rules]
    read.sort(key=lambda each: (-each[0].priority, each[0].name))
    _refuse_duplicates([rule.name for rule, _ in read])
    compiled = tuple(
        _compile(
            rule,
            position,
            rule_version,
            zone=zone,
            tiers=tuple(tiers),
            mode="all" if rule.group is None else named[rule.group].mode,
            bounds=_bounds(rule, limits),
        )
        for position, (rule, rule_version) in enumerate(read)
    )
    told = tuple(each for each in compiled if each.rule.tell)
    if len(told) > MOST_TOLD:
        raise TooManyTold(wanted=MOST_TOLD, seen=len(told))
    checked = [rule for rule, _ in read]
    codes = {code for rule in checked if rule.when is not None for code in _codes(rule.when)}
    index = build_index(checked, tiers)
    return RuleSet(
        version=version,
        zone=zone,
        tiers=tuple(tiers),
        rules=compiled,
        index=index,
        told=told,
        codes=frozenset(codes),
        earns_by_line=any(_earns_by_line(each) for each in compiled),
        scopes=frozenset(scope for each in compiled for scope in _counted(each)),
        entitling=tuple(each for each in compiled if each.entitles),
        holdouts=tuple((rule.name, rule.holdout) for rule in checked if rule.holdout is not None),
    )


def _compile(
    rule: Rule,
    position: int,
    version: int,
    *,
    zone: str,
    tiers: tuple[str, ...],
    mode: str,
    bounds: tuple[Bound, ...],
) -> CompiledRule:
    bound = rule.voucher is not None
    effects = sorted(
        (_compile_effect(each, place, bound=bound) for place, each in enumerate(rule.effects)),
        key=lambda each: each.step,
    )
    steps = tuple(
        (step, tuple(found)) for step, found in groupby(effects, key=lambda each: each.step)
    )
    stage = min(subtotal_reached(steps[0][0]), _LINES_STAGE)
    named = rule.schedule.zone if rule.schedule is not None else None
    return CompiledRule(
        position=position,
        name=rule.name,
        version=version,
        rule=rule,
        test=None if rule.when is None else compile_condition(rule.when, tiers, stage),
        stage=stage,
        zone=ZoneInfo(named or zone),
        mode=mode,
        steps=steps,
        earning=_earning(effects),
        home=ZoneInfo(zone),
        counts=bool(_scopes(rule.name, effects)),
        bounds=bounds,
        entitles=_entitles(rule),
        gives=tuple(each for each in rule.effects if isinstance(each, GiftOf | VoucherOf)),
        alone=_alone(rule, tiers, stage),
        of_plan=asks_for_plan(rule.when),
    )


def _bounds(rule: Rule, of_groups: Mapping[str, tuple[Limit, ...]]) -> tuple[Bound, ...]:
    """The limits that bind a rule; whichever rule of a group gives, the order uses it once."""
    bounds = [(scope_of(rule.name), rule.limits, "")] if rule.limits else []
    if rule.group is not None and rule.group in of_groups:
        bounds.append((group_scope(rule.group), of_groups[rule.group], ""))
    return tuple(bounds)


def _entitles(rule: Rule) -> tuple[Entitles, ...]:
    return tuple(effect for effect in rule.effects if isinstance(effect, Entitles))


def _alone(rule: Rule, tiers: tuple[str, ...], stage: int) -> Test | None:
    if rule.when is None or not _entitles(rule):
        return None
    return compile_condition(without_cart(rule.when, met=False), tiers, stage)


def _earning(
    effects: Sequence[CompiledEffect],
) -> tuple[tuple[int, tuple[CompiledEffect, ...]], ...]:
    ranked = [
        (rank, tuple(effect for effect in effects if isinstance(effect.effect, kind)))
        for rank, kind in enumerate((EarnRate | EarnEach | EarnBands, EarnMultiplier, EarnBonus))
    ]
    return tuple((rank, of_kind) for rank, of_kind in ranked if of_kind)


def _compile_effect(effect: Effect, position: int, *, bound: bool) -> CompiledEffect:
    where = where_of(effect)
    picks = None if where is None else compile_line_condition(where)
    gets = None
    if isinstance(effect, BuyGet) and effect.get_where is not None:
        gets = compile_line_condition(effect.get_where)
    return CompiledEffect(effect, step_of(effect, bound=bound), picks, position, gets)


def _refuse_duplicates(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DuplicateRule(rule=name)
        seen.add(name)


def _scopes(rule: str, effects: Iterable[CompiledEffect]) -> list[str]:
    """The scopes of the remainders and bands that effects look at."""
    found = []
    for each in effects:
        match each.effect:
            case EarnRate(points, per, carry=True):
                found.append(rate_scope(rule, each.position, points, per))
            case EarnBands():
                found.append(bands_scope(rule, each.position))
            case _:
                pass
    return found


def _counted(rule: CompiledRule) -> list[str]:
    """The scopes of the counters that a rule looks at."""
    found = [
        scope for scope, limits, _ in rule.bounds if any(limit.whose != "order" for limit in limits)
    ]
    return found + _scopes(rule.name, (each for _, effects in rule.earning for each in effects))


def _earns_by_line(rule: CompiledRule) -> bool:
    """Whether what a rule earns cannot be told from the order's sum alone."""
    if not rule.earning:
        return False
    if rule.bounds or (rule.rule.when is not None and _asks_about_lines(rule.rule.when)):
        return True
    return any(
        effect.picks is not None or not _is_plain(effect.effect)
        for _, effects in rule.earning
        for effect in effects
    )


def _is_plain(effect: Effect) -> bool:
    match effect:
        case EarnRate(basis="paid", carry=False, rounding=None) | EarnMultiplier() | EarnBonus():
            return True
        case _:
            return False


def _asks_about_lines(node: Node) -> bool:
    match node:
        case AllOf(parts) | AnyOf(parts):
            return any(_asks_about_lines(part) for part in parts)
        case Not(part):
            return _asks_about_lines(part)
        case Comparison():
            return node.where is not None


def _codes(node: Node) -> list[str]:
    match node:
        case AllOf(parts) | AnyOf(parts):
            return [code for part in parts for code in _codes(part)]
        case Not(part):
            return _codes(part)
        case Comparison(fact, _, wanted) if fact.name == "voucher-codes":
            return list(wanted) if isinstance(wanted, tuple) else [str(wanted)]
        case _:
            return []
