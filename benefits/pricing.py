"""From regular amounts to what is payable: prices, lines, order, vouchers, shipping. Pure.

Each effect works on what the last left and takes at most that; how much is the arithmetic of
`reductions`. Here stands which effects work, on which lines, and in which order.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from benefits.counted import MONEY, SHIPPING, Reached
from benefits.counting import Allowance, voucher_scope
from benefits.language import Scene
from benefits.language.facts import LineTest
from benefits.language.nodes import SUBTOTAL_STEPS
from benefits.language.tree import (
    AmountOff,
    Bundle,
    BuyGet,
    ExclusivePrice,
    FreeShipping,
    NthUnit,
    PercentOff,
)
from benefits.reductions import (
    WHOLE,
    amount_now,
    amount_off,
    bundles_off,
    capped,
    exclusive_off,
    had_for_others_off,
    had_off,
    half_up,
    percent_now,
    percent_off,
)
from benefits.rooms import Bound, Rooms
from benefits.rule_set import CompiledEffect, CompiledRule
from benefits.shares import spread
from benefits.types import Discount, PresentedVoucher, Question, Step

_FOUND_BY_VOUCHERS = SUBTOTAL_STEPS.index("orders")
Offs = tuple[int, Sequence[int], Sequence[int]]
"""What is taken off shipping, and off which lines how much."""
PRICING_STEPS = (Step.PRICES, Step.LINES, Step.ORDERS, Step.VOUCHERS, Step.SHIPPING)


class Candidate(Struct, frozen=True, eq=False):
    """A rule that this question concerns, once for every voucher it is bound to."""

    number: int
    rule: CompiledRule
    voucher: PresentedVoucher | None = None
    barred: str | None = None
    """Why it gives nothing whatever its conditions are: `stopped`, or `held-out`."""

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The limits that bind it: the rule's, and those of its voucher's definition."""
        voucher = self.voucher
        if voucher is None or not voucher.limits:
            return self.rule.bounds
        scope = voucher_scope(voucher.definition)
        return (*self.rule.bounds, (scope, voucher.limits, voucher.code))

    def picked(self, where: LineTest | None, scene: Scene) -> Sequence[int]:
        """The positions of the lines that meet a condition and are the voucher's, if it has any."""
        lines = scene.cart.lines
        found = range(len(lines)) if where is None else scene.selected(where)
        skus = self.voucher.skus if self.voucher is not None else ()
        return [place for place in found if lines[place].sku in skus] if skus else found

    @property
    def value(self) -> int:
        """The voucher's own value."""
        return (self.voucher.amount or 0) if self.voucher is not None else 0


class Till:
    """The order while it is priced, and what each candidate gave or why it did not."""

    __slots__ = (
        "_bounds_offs",
        "_passed",
        "cuts",
        "discounts",
        "fates",
        "gave",
        "prices",
        "question",
        "reached",
        "rooms",
        "scene",
        "shipping",
        "shipping_discounts",
        "totals",
    )

    def __init__(self, question: Question, candidates: int, *, bounds_offs: bool) -> None:
        codes = tuple(voucher.code for voucher in question.vouchers)
        self.question = question
        self.prices = {(p.price_list, p.sku): p.amount for p in question.prices}
        self.totals = [line.regular for line in question.cart.lines]
        self.shipping = question.cart.shipping_price
        self.discounts: list[list[Discount]] = [[] for _ in self.totals]
        self.shipping_discounts: list[Discount] = []
        self.scene = Scene(question.cart, question.facts, codes)
        self.scene.close_step(self.totals)
        self.gave = [0] * candidates
        self.fates: dict[int, tuple[str, str | None]] = {}
        self.rooms = Rooms(question, in_turn=not bounds_offs)
        """What is left of limits."""
        self.cuts: dict[int, int] = {}
        """The money that limits left candidates short of."""
        self.reached: dict[int, Reached] = {}
        """The limits that left candidates nothing."""
        self._passed: dict[int, bool] = {}
        self._bounds_offs = bounds_offs

    @property
    def payable(self) -> int:
        """What is left to pay."""
        return sum(self.totals) + self.shipping

    def passes(self, candidate: Candidate) -> bool:
        """Whether the candidate's conditions hold; asked once, when its first step begins."""
        passed = self._passed.get(candidate.number)
        if passed is None:
            test = candidate.rule.test
            passed = candidate.barred is None and (test is None or test(self.scene))
            if passed and candidate.voucher is not None:
                passed = not self.short(candidate)
            self._passed[candidate.number] = passed
        return passed

    def short(self, candidate: Candidate) -> bool:
        """Whether the goods cost less than the candidate's voucher asks for."""
        voucher = candidate.voucher
        return voucher is not None and self.goods < voucher.minimum_order

    @property
    def goods(self) -> int:
        """What the goods cost after discounts on the order, as vouchers find them."""
        return self.scene.sums[_FOUND_BY_VOUCHERS]

    def allowance(self, candidate: Candidate) -> Allowance | None:
        """What limits leave the candidate; None where nothing bounds it."""
        if not self._bounds_offs:
            return None
        return self.rooms.of(candidate.bounds, candidate.rule.home)

    def refuse(self, candidate: Candidate, allowance: Allowance) -> None:
        """Remember that limits left the candidate nothing."""
        fate = allowance.fate
        if fate is not None:
            self.fates[candidate.number] = (fate, None)
        if allowance.reached is not None:
            self.reached[candidate.number] = allowance.reached

    def apply(self, candidate: Candidate, effects: Iterable[CompiledEffect]) -> int:
        """Take off what the effects give; answers how much that was."""
        gained = 0
        allowance = self.allowance(candidate)
        for effect in effects:
            gained += self._apply(candidate, effect, allowance)
        self.gave[candidate.number] += gained
        if allowance is not None and not gained:
            self.refuse(candidate, allowance)
        return gained

    def trial(self, candidate: Candidate, effects: Iterable[CompiledEffect]) -> int:
        """What the effects would give now, taking nothing."""
        totals, shipping = self.totals.copy(), self.shipping
        rooms, cuts = self.rooms, self.cuts
        if candidate.bounds:
            self.rooms, self.cuts = rooms.copy(), cuts.copy()
        allowance = self.allowance(candidate)
        for effect in effects:
            off_shipping, positions, offs = self._bounded(candidate, effect, allowance)
            for position, amount in zip(positions, offs, strict=True):
                self.totals[position] -= amount
            self.shipping -= off_shipping
        gained = sum(totals) + shipping - self.payable
        self.totals, self.shipping = totals, shipping
        self.rooms, self.cuts = rooms, cuts
        if allowance is not None and not gained:
            self.refuse(candidate, allowance)
        return gained

    def _bounded(
        self, candidate: Candidate, effect: CompiledEffect, allowance: Allowance | None
    ) -> Offs:
        """What an effect takes off, cut to what limits leave."""
        off_shipping, positions, offs = found = offs_of(effect, candidate, self)
        if allowance is None:
            return found
        wanted = off_shipping + sum(offs)
        if not wanted:
            return 0, (), ()
        allowed = allowance.allowed(wanted, MONEY)
        if allowed < wanted:
            number = candidate.number
            self.cuts[number] = self.cuts.get(number, 0) + wanted - allowed
            off_shipping, *offs = spread(allowed, [off_shipping, *offs])
        for position, amount in ((SHIPPING, off_shipping), *zip(positions, offs, strict=True)):
            if amount:
                allowance.gave(position, amount, MONEY)
        return off_shipping, positions, offs

    def _apply(
        self, candidate: Candidate, effect: CompiledEffect, allowance: Allowance | None
    ) -> int:
        rule = candidate.rule
        voucher = candidate.voucher.id if candidate.voucher is not None else None
        name, version, step = rule.name, rule.version, effect.step
        gained, positions, offs = self._bounded(candidate, effect, allowance)
        if gained:
            self.shipping -= gained
            self.shipping_discounts.append(Discount(name, version, gained, step, voucher))
        totals, discounts = self.totals, self.discounts
        for position, amount in zip(positions, offs, strict=True):
            if amount:
                totals[position] -= amount
                discounts[position].append(Discount(name, version, amount, step, voucher))
        return gained + sum(offs)


def price(
    question: Question, candidates: Sequence[Candidate], among: int, *, bounds_offs: bool = True
) -> Till:
    """Price the order with the candidates alone; `among` is how many there are in all.

    `bounds_offs` says whether limits bound what is taken off, strictest first; they did not always.
    """
    till = Till(question, among, bounds_offs=bounds_offs)
    by_step: dict[Step, list[tuple[Candidate, tuple[CompiledEffect, ...]]]] = {}
    for candidate in candidates:
        for step, effects in candidate.rule.steps:
            by_step.setdefault(step, []).append((candidate, effects))
    for step in PRICING_STEPS:
        if step in by_step:
            _work(till, by_step[step])
        if step is not Step.SHIPPING:
            till.scene.close_step(till.totals)
    return till


def _work(till: Till, entries: list[tuple[Candidate, tuple[CompiledEffect, ...]]]) -> None:
    """One step: each rule in its turn; a group of mode best or first stands at its first member."""
    winners: dict[str, Candidate | None] = {}
    for candidate, effects in entries:
        if not till.passes(candidate):
            continue
        mode, group = candidate.rule.mode, candidate.rule.rule.group
        if group is None or mode not in {"best", "first"}:
            till.apply(candidate, effects)
            continue
        if mode == "best" and group not in winners:
            members = [each for each in entries if each[0].rule.rule.group == group]
            winners[group] = _best_of(till, members)
        winner = winners.get(group)
        if winner is not None:
            if winner is not candidate and candidate.number not in till.reached:
                till.fates[candidate.number] = ("lost-to", winner.rule.name)
        elif mode == "first" and till.apply(candidate, effects):
            winners[group] = candidate


def _best_of(
    till: Till, members: list[tuple[Candidate, tuple[CompiledEffect, ...]]]
) -> Candidate | None:
    """Apply the member of a group that gives most; ties to the first."""
    best: Candidate | None = None
    best_effects: tuple[CompiledEffect, ...] = ()
    most = 0
    for candidate, effects in members:
        if till.passes(candidate):
            gained = till.trial(candidate, effects)
            if gained > most:
                best, best_effects, most = candidate, effects, gained
    if best is not None:
        till.apply(best, best_effects)
    return best


def offs_of(effect: CompiledEffect, candidate: Candidate, till: Till) -> Offs:
    """What an effect would take off shipping and off lines as they stand."""
    if effect.step is Step.SHIPPING:
        return _off_shipping(effect, candidate, till), (), ()
    positions = candidate.picked(effect.picks, till.scene)
    if effect.gets is not None:
        return _had_for_others(effect, positions, candidate.picked(effect.gets, till.scene), till)
    left, lines = till.totals, till.question.cart.lines
    if len(positions) < len(left):
        left, lines = [left[p] for p in positions], tuple([lines[p] for p in positions])
    match effect.effect:
        case ExclusivePrice() as price_effect:
            offs = exclusive_off(price_effect, left, lines, till.prices)
        case PercentOff() as percent:
            offs = percent_off(percent, left, lines)
        case AmountOff() as amount:
            offs = amount_off(amount, candidate.value, left, lines)
        case Bundle() as bundle:
            offs = bundles_off(bundle, left, lines)
        case NthUnit() | BuyGet() as grouped:
            offs = had_off(grouped, left, lines)
        case _:
            return 0, (), ()
    return 0, positions, offs


def _off_shipping(effect: CompiledEffect, candidate: Candidate, till: Till) -> int:
    if not till.shipping:
        return 0
    match effect.effect:
        case FreeShipping(methods, cap):
            if methods and till.question.cart.shipping_method not in methods:
                return 0
            return capped(till.shipping, cap)
        case PercentOff(cap=cap) as percent:
            off = half_up(till.shipping * percent_now(percent, till.totals), WHOLE)
            return capped(off, cap)
        case AmountOff(cap=cap) as amount:
            off = amount_now(amount, candidate.value, till.totals)
            return capped(min(off, till.shipping), cap)
        case _:
            return 0


def _had_for_others(
    effect: CompiledEffect, bought: Sequence[int], had: Sequence[int], till: Till
) -> Offs:
    """What is taken off lines that are had for those bought; some may be of both kinds."""
    if not isinstance(effect.effect, BuyGet):
        return 0, (), ()
    positions = sorted({*bought, *had})
    lines = till.question.cart.lines
    offs = had_for_others_off(
        effect.effect,
        [till.totals[p] for p in positions],
        [lines[p] for p in positions],
        [p in bought for p in positions],
        [p in had for p in positions],
    )
    return 0, positions, offs
