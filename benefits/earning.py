"""What an order earns: rates, then multipliers, then bonuses. Exact until the one rounding. Pure.

The points of rates and multipliers are exact fractions, summed over the order and rounded down
once; the whole points go to the lines, the ones left over to the largest fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from benefits.language.tree import EarnBonus, EarnMultiplier, EarnRate
from benefits.pricing import Candidate, Till
from benefits.rule_set import CompiledEffect
from benefits.shares import apportion, spread
from benefits.types import Cart, EarnWhy, Question

_ONE = 100


@dataclass(slots=True)
class Earning:
    """What is earned so far: exact points of every line over one denominator, and bonuses."""

    shares: list[int]
    denominator: int
    bonuses: list[int]
    why: list[list[EarnWhy]]
    contributed: set[int] = field(default_factory=set)
    fates: dict[int, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def points(self) -> int:
        """Whole points of the order."""
        return sum(self.shares) // self.denominator + sum(self.bonuses)

    def per_line(self) -> list[int]:
        """The order's points on its lines."""
        parts = apportion(self.shares, self.denominator)
        return [part + bonus for part, bonus in zip(parts, self.bonuses, strict=True)]


def earn_basis(cart: Cart, totals: Sequence[int]) -> list[int]:
    """The money of each line that earns: what is paid in money, without the tax contained in it."""
    basis = []
    for line, total in zip(cart.lines, totals, strict=True):
        if not line.earns:
            basis.append(0)
        elif cart.prices_include_tax and line.tax and line.regular:
            net = max(0, line.regular - line.tax)
            basis.append(total * net // line.regular)
        else:
            basis.append(total)
    return basis


@dataclass(frozen=True, slots=True)
class _Entry:
    """The earning effects of one kind of one candidate."""

    candidate: Candidate
    rank: int
    effects: tuple[CompiledEffect, ...]


def earn(
    question: Question, candidates: Sequence[Candidate], till: Till, basis: Sequence[int]
) -> Earning:
    """What the candidates earn together. An exclusive rule earns alone, if that is more."""
    entries = _entries(candidates, till)
    exclusive = {
        e.candidate.number: e.candidate for e in entries if e.candidate.rule.rule.exclusive
    }
    best = _earn([e for e in entries if e.candidate.number not in exclusive], question, basis)
    if not exclusive:
        return best
    winner: Candidate | None = None
    for candidate in exclusive.values():
        alone = _earn([e for e in entries if e.candidate is candidate], question, basis)
        if alone.points > best.points:
            best, winner = alone, candidate
    for number in {entry.candidate.number for entry in entries}:
        if winner is None and number in exclusive:
            best.fates[number] = ("not-better", None)
        elif winner is not None and number != winner.number:
            best.fates[number] = ("excluded-by", winner.rule.name)
    return best


def _entries(candidates: Sequence[Candidate], till: Till) -> list[_Entry]:
    """The earning effects of the candidates that pass: rates, multipliers, bonuses."""
    found = [
        _Entry(candidate, rank, effects)
        for candidate in candidates
        if candidate.rule.earning and till.passes(candidate)
        for rank, effects in candidate.rule.earning
    ]
    found.sort(key=lambda entry: entry.rank)
    return found


def _earn(entries: Sequence[_Entry], question: Question, basis: Sequence[int]) -> Earning:
    lines = len(basis)
    pers = [
        e.effect.per for each in entries for e in each.effects if isinstance(e.effect, EarnRate)
    ]
    earning = Earning([0] * lines, lcm(*pers), [0] * lines, [[] for _ in basis])
    winners: dict[tuple[str, int], Candidate | None] = {}
    for entry in entries:
        mode, group = entry.candidate.rule.mode, entry.candidate.rule.rule.group
        if mode == "all" or group is None:
            _give(entry, question, basis, earning)
            continue
        slot = (group, entry.rank)
        if mode == "best" and slot not in winners:
            members = [e for e in entries if (e.candidate.rule.rule.group, e.rank) == slot]
            winners[slot] = _give_best(members, question, basis, earning)
        winner = winners.get(slot)
        if winner is not None:
            if winner is not entry.candidate:
                earning.fates[entry.candidate.number] = ("lost-to", winner.rule.name)
        elif mode == "first" and _give(entry, question, basis, earning):
            winners[slot] = entry.candidate
    return earning


def _give_best(
    members: Sequence[_Entry], question: Question, basis: Sequence[int], earning: Earning
) -> Candidate | None:
    """Let the member of a group that adds most earn; ties to the first."""

    def worth(entry: _Entry) -> Fraction:
        return sum(
            (_worth(entry.candidate, e, question, basis, earning) for e in entry.effects),
            Fraction(0),
        )

    best = max(members, key=worth)
    if worth(best) <= 0:
        return None
    _give(best, question, basis, earning)
    return best.candidate


def _worth(
    candidate: Candidate,
    effect: CompiledEffect,
    question: Question,
    basis: Sequence[int],
    earning: Earning,
) -> Fraction:
    """What an effect would add to the exact points."""
    positions = _positions(candidate, effect, question)
    match effect.effect:
        case EarnRate(points, per):
            return Fraction(sum(basis[p] for p in positions) * points, per)
        case EarnMultiplier(multiplier):
            shares = sum(earning.shares[p] for p in positions)
            return Fraction(shares * (multiplier - _ONE), earning.denominator * _ONE)
        case EarnBonus(bonus):
            return Fraction(bonus if positions else 0)
        case _:
            return Fraction(0)


def _give(entry: _Entry, question: Question, basis: Sequence[int], earning: Earning) -> bool:
    """Add what a candidate's effects earn; answers whether they changed what is earned."""
    changed = False
    touched: Sequence[int]
    name, version = entry.candidate.rule.name, entry.candidate.rule.version
    for effect in entry.effects:
        positions = _positions(entry.candidate, effect, question)
        match effect.effect:
            case EarnRate(points, per):
                why = EarnWhy(name, version, points=points, per=per)
                touched = [p for p in positions if basis[p]]
                _add_rate(earning, touched, basis, why)
            case EarnMultiplier(multiplier):
                why = EarnWhy(name, version, multiplier=multiplier)
                touched = [p for p in positions if earning.shares[p]] if multiplier != _ONE else []
                _multiply(earning, touched, why)
            case EarnBonus(bonus):
                touched = positions
                _add_bonus(
                    earning,
                    positions,
                    _bonus_weights(positions, question, basis),
                    EarnWhy(name, version, bonus=bonus),
                )
            case _:
                touched = []
        changed = changed or bool(touched)
    if changed:
        earning.contributed.add(entry.candidate.number)
    return changed


def _add_rate(earning: Earning, touched: Sequence[int], basis: Sequence[int], why: EarnWhy) -> None:
    factor = (why.points or 0) * (earning.denominator // (why.per or 1))
    for p in touched:
        earning.shares[p] += basis[p] * factor
        earning.why[p].append(why)


def _multiply(earning: Earning, touched: Sequence[int], why: EarnWhy) -> None:
    if not touched:
        return
    chosen = set(touched)
    factor = why.multiplier or _ONE
    earning.shares = [
        share * (factor if p in chosen else _ONE) for p, share in enumerate(earning.shares)
    ]
    earning.denominator *= _ONE
    for p in touched:
        earning.why[p].append(why)


def _add_bonus(
    earning: Earning, positions: Sequence[int], weights: Sequence[int], why: EarnWhy
) -> None:
    for p, part in zip(positions, spread(why.bonus or 0, weights), strict=True):
        if part:
            earning.bonuses[p] += part
            earning.why[p].append(EarnWhy(why.rule, why.version, bonus=part))


def _bonus_weights(positions: Sequence[int], question: Question, basis: Sequence[int]) -> list[int]:
    """A bonus goes to its lines by the money that earns, else by regular amount, else the first."""
    weights = [basis[p] for p in positions]
    if not any(weights):
        weights = [question.cart.lines[p].regular for p in positions]
    if positions and not any(weights):
        weights[0] = 1
    return weights


def _positions(candidate: Candidate, effect: CompiledEffect, question: Question) -> Sequence[int]:
    lines = question.cart.lines
    if effect.picks is None and candidate.voucher is None and all(line.earns for line in lines):
        return range(len(lines))
    return [p for p in candidate.picked(effect, question) if lines[p].earns]
