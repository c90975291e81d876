"""From regular amounts to what is payable: prices, lines, order, vouchers, shipping. Pure.

Each effect works on what the last left and takes at most that; how much is the arithmetic of
`reductions`. Here stands which effects work, on which lines, and in which order.
"""

from collections.abc import Iterable, Sequence

from benefits.counted import MONEY, SHIPPING, Reached
from benefits.counting import Allowance, voucher_scope
from benefits.language import Scene
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
PRICING_STEPS = (Step.PRICES, Step.LINES, Step.ORDERS, Step.VOUCHERS, Step.SHIPPING)


class Candidate:
    """A rule that this question concerns, once for every voucher it is bound to."""

    __slots__ = ("_picked", "barred", "bounds", "number", "rule", "voucher")

    def __init__(
        self,
        number: int,
        rule: CompiledRule,
        voucher: PresentedVoucher | None,
        barred: str | None = None,
    ) -> None:
        self.number = number
        self.rule = rule
        self.voucher = voucher
        self.barred = barred
        """Why it gives nothing whatever its conditions are: `stopped`, or `held-out`."""
        self.bounds: tuple[Bound, ...] = rule.bounds
        if voucher is not None and voucher.limits:
            scope = voucher_scope(voucher.definition)
            self.bounds = (*rule.bounds, (scope, voucher.limits, voucher.code))
        self._picked: dict[CompiledEffect, Sequence[int]] = {}

    def picked(self, effect: CompiledEffect, question: Question) -> Sequence[int]:
        """The positions of the lines the effect works on."""
        skus = self.voucher.skus if self.voucher is not None else ()
        lines = question.cart.lines
        if effect.picks is None and not skus:
            return range(len(lines))
        found = self._picked.get(effect)
        if found is None:
            picks = effect.picks
            found = self._picked[effect] = [
                position
                for position, line in enumerate(lines)
                if (picks is None or picks(line)) and (not skus or line.sku in skus)
            ]
        return found

    def had(self, effect: CompiledEffect, question: Question) -> Sequence[int]:
        """The positions of the lines that may be had for those the effect works on."""
        gets, skus = effect.gets, self.voucher.skus if self.voucher is not None else ()
        return [
            position
            for position, line in enumerate(question.cart.lines)
            if (gets is None or gets(line)) and (not skus or line.sku in skus)
        ]

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
            holds = candidate.barred is None and (test is None or test(self.scene))
            passed = self._passed[candidate.number] = holds and not self.short(candidate)
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
            off_shipping, off_lines = self._bounded(candidate, effect, allowance)
            for position, amount in off_lines:
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
    ) -> tuple[int, list[tuple[int, int]]]:
        """What an effect takes off shipping and off lines, cut to what limits leave."""
        off_shipping = shipping_amount_of(effect, candidate, self)
        off_lines = amounts_of(effect, candidate, self)
        if allowance is None:
            return off_shipping, off_lines
        offs = [amount for _, amount in off_lines]
        wanted = off_shipping + sum(offs)
        if not wanted:
            return 0, []
        allowed = allowance.allowed(wanted, MONEY)
        if allowed < wanted:
            number = candidate.number
            self.cuts[number] = self.cuts.get(number, 0) + wanted - allowed
            off_shipping, *offs = spread(allowed, [off_shipping, *offs])
            cut = zip(off_lines, offs, strict=True)
            off_lines = [(position, amount) for (position, _), amount in cut if amount]
        if off_shipping:
            allowance.gave(SHIPPING, off_shipping, MONEY)
        for position, amount in off_lines:
            allowance.gave(position, amount, MONEY)
        return off_shipping, off_lines

    def _apply(
        self, candidate: Candidate, effect: CompiledEffect, allowance: Allowance | None
    ) -> int:
        rule = candidate.rule
        voucher = candidate.voucher.id if candidate.voucher is not None else None
        name, version, step = rule.rule.name, rule.version, effect.step
        gained, off_lines = self._bounded(candidate, effect, allowance)
        if gained:
            self.shipping -= gained
            self.shipping_discounts.append(Discount(name, version, gained, step, voucher))
        totals, discounts = self.totals, self.discounts
        for position, amount in off_lines:
            totals[position] -= amount
            discounts[position].append(Discount(name, version, amount, step, voucher))
            gained += amount
        return gained


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


def shipping_amount_of(effect: CompiledEffect, candidate: Candidate, till: Till) -> int:
    """What an effect takes off shipping."""
    if effect.step is not Step.SHIPPING or not till.shipping:
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


def amounts_of(effect: CompiledEffect, candidate: Candidate, till: Till) -> list[tuple[int, int]]:
    """What an effect takes off which lines: (position, amount) with amounts above zero."""
    if effect.step is Step.SHIPPING:
        return []
    question = till.question
    positions = candidate.picked(effect, question)
    if effect.gets is not None:
        return _had_for_others(effect, positions, candidate.had(effect, question), till)
    totals, lines = till.totals, question.cart.lines
    left = [totals[p] for p in positions]
    concerned = lines if len(positions) == len(lines) else [lines[p] for p in positions]
    match effect.effect:
        case ExclusivePrice() as price_effect:
            offs = exclusive_off(price_effect, left, concerned, till.prices)
        case PercentOff() as percent:
            offs = percent_off(percent, left, concerned)
        case AmountOff() as amount:
            offs = amount_off(amount, candidate.value, left, concerned)
        case Bundle() as bundle:
            offs = bundles_off(bundle, left, concerned)
        case NthUnit() | BuyGet() as grouped:
            offs = had_off(grouped, left, concerned)
        case _:
            return []
    return [(p, off) for p, off in zip(positions, offs, strict=True) if off]


def _had_for_others(
    effect: CompiledEffect, bought: Sequence[int], had: Sequence[int], till: Till
) -> list[tuple[int, int]]:
    """What is taken off lines that are had for those bought; some may be of both kinds."""
    if not isinstance(effect.effect, BuyGet):
        return []
    positions = sorted({*bought, *had})
    lines = till.question.cart.lines
    offs = had_for_others_off(
        effect.effect,
        [till.totals[p] for p in positions],
        [lines[p] for p in positions],
        [p in bought for p in positions],
        [p in had for p in positions],
    )
    return [(p, off) for p, off in zip(positions, offs, strict=True) if off]
