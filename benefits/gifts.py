"""Which gifts an order brings, and which vouchers its member gets for later. Pure.

Both are given beside the money, once for a rule. They go with what the rule takes off: one whose
discount lost gives no gift either, and with an exclusive rule that won only its own are given.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benefits.counted import GIVEN
from benefits.given import Gift, Grant
from benefits.language.tree import GiftOf, VoucherOf
from benefits.pricing import PRICING_STEPS, Candidate, Till

Fate = tuple[str, str | None]


@dataclass(slots=True)
class Given:
    """What is given, the candidates that gave it, and why others did not."""

    gifts: tuple[Gift, ...] = ()
    grants: tuple[Grant, ...] = ()
    contributed: set[int] = field(default_factory=set)
    fates: dict[int, Fate] = field(default_factory=dict)


def give(candidates: Iterable[Candidate], till: Till, fates: Mapping[int, Fate]) -> Given:
    """What the candidates give; `fates` says which of them lost with their discounts."""
    giving = [
        each
        for each in candidates
        if each.rule.gives
        and till.passes(each)
        and (each.number not in fates or till.gave[each.number])
        and _has_room(each, till)
    ]
    if not giving:
        return Given()
    given = Given()
    member = till.question.facts.member
    for candidate in _standing(giving, given.fates):
        effects = [each for each in candidate.rule.gives if member or isinstance(each, GiftOf)]
        if not effects:
            given.fates[candidate.number] = ("members-only", None)
            continue
        given.contributed.add(candidate.number)
        allowance = till.allowance(candidate)
        if allowance is not None:
            allowance.gave(0, 1, GIVEN)
        given.gifts += tuple(_gift(candidate, each) for each in effects if isinstance(each, GiftOf))
        given.grants += tuple(
            _grant(candidate, each) for each in effects if isinstance(each, VoucherOf)
        )
    return given


def _has_room(candidate: Candidate, till: Till) -> bool:
    """Whether limits leave the candidate a use."""
    allowance = till.allowance(candidate)
    if allowance is None or allowance.allowed(1, GIVEN):
        return True
    till.refuse(candidate, allowance)
    return False


def _standing(giving: Sequence[Candidate], fates: dict[int, Fate]) -> list[Candidate]:
    """Those that give after rules given twice, groups and exclusive rules are seen to."""
    standing: list[Candidate] = []
    winners: dict[str, Candidate] = {}
    rules: set[int] = set()
    for candidate in giving:
        rule = candidate.rule
        if rule.position in rules:
            continue
        rules.add(rule.position)
        group = rule.rule.group
        if group is not None and rule.mode in {"best", "first"}:
            winner = winners.setdefault(group, candidate)
            if winner is not candidate:
                fates[candidate.number] = ("lost-to", winner.rule.name)
                continue
        standing.append(candidate)
    return _alone(standing, fates)


def _alone(standing: Sequence[Candidate], fates: dict[int, Fate]) -> list[Candidate]:
    """An exclusive rule that takes nothing off gives only where no other rule gives."""
    lonely = [each for each in standing if _gives_alone(each)]
    others = [each for each in standing if each not in lonely]
    kept = others or lonely[:1]
    for candidate in lonely:
        if candidate not in kept:
            fates[candidate.number] = ("excluded-by", kept[0].rule.name)
    return kept


def _gives_alone(candidate: Candidate) -> bool:
    rule = candidate.rule
    return rule.rule.exclusive and rule.steps[0][0] not in PRICING_STEPS


def _gift(candidate: Candidate, effect: GiftOf) -> Gift:
    rule, voucher = candidate.rule, candidate.voucher
    return Gift(
        rule=rule.name,
        version=rule.version,
        sku=effect.sku,
        quantity=effect.quantity,
        choose=effect.choose,
        titles=rule.rule.titles,
        voucher=None if voucher is None else voucher.id,
    )


def _grant(candidate: Candidate, effect: VoucherOf) -> Grant:
    rule, voucher = candidate.rule, candidate.voucher
    return Grant(
        rule=rule.name,
        version=rule.version,
        definition=effect.definition,
        quantity=effect.quantity,
        titles=rule.rule.titles,
        voucher=None if voucher is None else voucher.id,
    )
