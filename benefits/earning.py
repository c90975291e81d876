"""What an order earns: rates, then multipliers, then bonuses. Exact until the one rounding. Pure.

The points of rates and multipliers are exact fractions, summed over the order and rounded down
once; the whole points go to the lines, the ones left over to the largest fractions. What a rule
with a limit, a carried remainder or a rounding of its own gives is whole before it joins them.
"""

from collections.abc import Callable, Sequence
from math import lcm

from msgspec import Struct
from msgspec.structs import replace

from benefits.counting import Counters
from benefits.earned import Earning, tell
from benefits.language.tree import EarnBands, EarnBonus, EarnEach, EarnMultiplier, EarnRate
from benefits.pricing import Candidate, Till
from benefits.rates import Bases, Working, add_bands, add_each, add_rate
from benefits.rule_set import CompiledEffect
from benefits.shares import spread
from benefits.types import Cart, EarnWhy, Question

_ONE = 100
Frozen = tuple[list[int], int]
"""Shares and denominator as they were before the multipliers of a group that adds."""


def earn_basis(cart: Cart, totals: Sequence[int]) -> list[int]:
    """The money of each line that earns: what is paid in money, without the tax contained in it."""
    if not cart.prices_include_tax:
        lines = zip(cart.lines, totals, strict=True)
        return [total if line.earns else 0 for line, total in lines]
    basis = []
    for line, total in zip(cart.lines, totals, strict=True):
        if not line.earns:
            basis.append(0)
        elif line.tax and line.regular:
            net = max(0, line.regular - line.tax)
            basis.append(total * net // line.regular)
        else:
            basis.append(total)
    return basis


class _Entry(Struct, frozen=True):
    """The earning effects of one kind of one candidate."""

    candidate: Candidate
    rank: int
    effects: tuple[CompiledEffect, ...]


class _Order(Struct, frozen=True):
    """The order that earns."""

    question: Question
    till: Till
    basis: Sequence[int]
    bases: Bases
    counters: Counters | None


def earn(
    question: Question, candidates: Sequence[Candidate], till: Till, basis: Sequence[int]
) -> Earning:
    """What the candidates earn together. An exclusive rule earns alone, if that is more."""
    entries = _entries(candidates, till)
    bases, counters = _bases(question, till, basis), _counters(entries, question)
    order = _Order(question, till, basis, bases, counters)
    exclusive = {
        e.candidate.number: e.candidate for e in entries if e.candidate.rule.rule.exclusive
    }
    best = _earn([e for e in entries if e.candidate.number not in exclusive], order)
    if not exclusive:
        return best
    winner: Candidate | None = None
    for candidate in exclusive.values():
        alone = _earn([e for e in entries if e.candidate is candidate], order)
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


def _counters(entries: Sequence[_Entry], question: Question) -> Counters | None:
    """Where the counters stand, if any of the rules looks at one."""
    counting = next((e.candidate.rule for e in entries if e.candidate.rule.counts), None)
    return None if counting is None else Counters(question.used, question.at, counting.home)


def _bases(question: Question, till: Till, basis: Sequence[int]) -> Bases:
    """The money that earns, by the name of the basis; worked out where a rule asks for it."""
    cart = question.cart
    worked: dict[str, Sequence[int]] = {"paid": basis}

    def with_tax() -> list[int]:
        left = till.scene.stages[-1]
        if cart.prices_include_tax:
            return left
        return [
            total + (line.tax * total // line.regular if line.regular else 0)
            for line, total in zip(cart.lines, left, strict=True)
        ]

    makers: dict[str, Callable[[], Sequence[int]]] = {
        "paid-with-tax": lambda: [
            total if line.earns else 0 for line, total in zip(cart.lines, with_tax(), strict=True)
        ],
        "before-points": lambda: earn_basis(cart, till.totals),
        "regular": lambda: earn_basis(cart, [line.regular for line in cart.lines]),
    }

    def find(name: str) -> Sequence[int]:
        if name not in worked:
            worked[name] = makers[name]()
        return worked[name]

    return find


def _earn(entries: Sequence[_Entry], order: _Order) -> Earning:
    pers = [
        e.effect.per for each in entries for e in each.effects if isinstance(e.effect, EarnRate)
    ]
    rooms = order.till.rooms.copy()
    earning = Earning(len(order.basis), lcm(*pers), order.counters, rooms)
    winners: dict[tuple[str, int], Candidate | None] = {}
    added: set[tuple[str, int]] = set()
    for entry in entries:
        mode, group = entry.candidate.rule.mode, entry.candidate.rule.rule.group
        if mode == "all" or group is None:
            _give(entry, order, earning)
            continue
        slot = (group, entry.rank)
        if mode == "add":
            if slot not in added:
                added.add(slot)
                _add_all(_members(entries, slot), order, earning)
            continue
        if mode == "best" and slot not in winners:
            winners[slot] = _give_best(_members(entries, slot), order, earning)
        winner = winners.get(slot)
        if winner is not None:
            if winner is not entry.candidate:
                earning.fates[entry.candidate.number] = ("lost-to", winner.rule.name)
        elif mode == "first" and _give(entry, order, earning):
            winners[slot] = entry.candidate
    return earning


def _members(entries: Sequence[_Entry], slot: tuple[str, int]) -> list[_Entry]:
    """The members of a group of one rank; the group stands where the first of them stands."""
    return [e for e in entries if (e.candidate.rule.rule.group, e.rank) == slot]


def _add_all(members: Sequence[_Entry], order: _Order, earning: Earning) -> None:
    """Let every member of a group add to what was there before the first of them."""
    before = (earning.shares, earning.denominator)
    for entry in members:
        _give(entry, order, earning, before)


def _give_best(members: Sequence[_Entry], order: _Order, earning: Earning) -> Candidate | None:
    """Let the member of a group that adds most earn; ties to the first."""
    before = earning.exact
    best: _Entry | None = None
    most = before
    for entry in members:
        trial = earning.copy()
        _give(entry, order, trial)
        earning.fates.update(trial.fates)
        earning.reached.update(trial.reached)
        if trial.exact > most:
            best, most = entry, trial.exact
    if best is None:
        return None
    _give(best, order, earning)
    return best.candidate


def _give(entry: _Entry, order: _Order, earning: Earning, frozen: Frozen | None = None) -> bool:
    """Add what a candidate's effects earn; answers whether they changed what is earned."""
    candidate = entry.candidate
    room = earning.allowance(candidate)
    changed = False
    for effect in entry.effects:
        positions = candidate.picked(effect.picks, order.till.scene)
        rule = candidate.rule
        work = Working(rule.name, rule.version, effect.position, positions, room)
        match effect.effect:
            case EarnRate() as rate:
                changed |= add_rate(rate, work, order.bases, earning)
            case EarnEach() as each:
                lines = order.question.cart.lines
                changed |= add_each(each, work, lines, order.bases, earning)
            case EarnBands() as bands:
                changed |= add_bands(bands, work, order.bases, earning)
            case EarnMultiplier(multiplier):
                changed |= _multiply(multiplier, work, earning, frozen)
            case EarnBonus(bonus):
                changed |= _add_bonus(bonus, work, order, earning)
            case _:
                pass
    if changed:
        earning.contributed.add(candidate.number)
    elif room is not None and room.reached is not None:
        earning.fates[candidate.number] = (room.reached.code, None)
        earning.reached[candidate.number] = room.reached
    return changed


def _multiply(factor: int, work: Working, earning: Earning, frozen: Frozen | None) -> bool:
    """Multiply what the lines earn, or add to it what the group found when it began."""
    shares, denominator = frozen or (earning.shares, earning.denominator)
    touched = [p for p in work.positions if shares[p]] if factor != _ONE else []
    room = work.room
    if not touched or (room is not None and not room.allowed(1)):
        return False
    earning.scale(_ONE)
    finer = earning.denominator // denominator // _ONE * (factor - _ONE)
    more = [shares[p] * finer for p in touched]
    why = EarnWhy(work.rule, work.version, multiplier=factor)
    if room is None or not room.counts_points or factor < _ONE:
        earning.add(touched, more, [why] * len(touched))
        if room is not None and not room.counts_points:
            tell(room, touched, [1] * len(touched))
        return True
    wanted = sum(more) // earning.denominator
    allowed = room.allowed(wanted)
    why = replace(why, cut=wanted - allowed or None)
    earning.add_whole(touched, spread(allowed, more), [why] * len(touched), room)
    return allowed > 0


def _add_bonus(bonus: int, work: Working, order: _Order, earning: Earning) -> bool:
    lines, room = order.question.cart.lines, work.room
    positions = [p for p in work.positions if lines[p].earns]
    allowed = bonus if room is None else room.allowed(bonus)
    if not positions or not allowed:
        return False
    parts = spread(allowed, _bonus_weights(positions, order.question, order.basis))
    cut = bonus - allowed or None
    whys = [EarnWhy(work.rule, work.version, bonus=part, cut=cut) for part in parts]
    earning.add_bonus(positions, parts, whys, room)
    return True


def _bonus_weights(positions: Sequence[int], question: Question, basis: Sequence[int]) -> list[int]:
    """A bonus goes to its lines by the money that earns, else by regular amount, else the first."""
    weights = [basis[p] for p in positions]
    if not any(weights):
        weights = [question.cart.lines[p].regular for p in positions]
    if positions and not any(weights):
        weights[0] = 1
    return weights
