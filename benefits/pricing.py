"""From regular amounts to what is payable: prices, lines, order, vouchers, shipping. Pure.

Each effect works on what the last left and takes at most that; how much is the arithmetic of
`reductions`. Here stands which effects work, on which lines, and in which order.
"""

from collections.abc import Iterable, Sequence

from benefits.language import Scene
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
    had_for_others_off,
    had_off,
    half_up,
    percent_now,
    percent_off,
)
from benefits.rule_set import CompiledEffect, CompiledRule
from benefits.types import Discount, PresentedVoucher, Question, Step

PRICING_STEPS = (Step.PRICES, Step.LINES, Step.ORDERS, Step.VOUCHERS, Step.SHIPPING)


class Candidate:
    """A rule that this question concerns, once for every voucher it is bound to."""

    __slots__ = ("_picked", "number", "rule", "voucher")

    def __init__(self, number: int, rule: CompiledRule, voucher: PresentedVoucher | None) -> None:
        self.number = number
        self.rule = rule
        self.voucher = voucher
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
        "_passed",
        "discounts",
        "fates",
        "gave",
        "prices",
        "question",
        "scene",
        "shipping",
        "shipping_discounts",
        "totals",
    )

    def __init__(self, question: Question, candidates: int) -> None:
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
        self._passed: dict[int, bool] = {}

    @property
    def payable(self) -> int:
        """What is left to pay."""
        return sum(self.totals) + self.shipping

    def passes(self, candidate: Candidate) -> bool:
        """Whether the candidate's conditions hold; asked once, when its first step begins."""
        passed = self._passed.get(candidate.number)
        if passed is None:
            test = candidate.rule.test
            passed = self._passed[candidate.number] = test is None or test(self.scene)
        return passed

    def apply(self, candidate: Candidate, effects: Iterable[CompiledEffect]) -> int:
        """Take off what the effects give; answers how much that was."""
        gained = 0
        for effect in effects:
            gained += self._apply(candidate, effect)
        self.gave[candidate.number] += gained
        return gained

    def trial(self, candidate: Candidate, effects: Iterable[CompiledEffect]) -> int:
        """What the effects would give now, taking nothing."""
        totals, shipping = self.totals.copy(), self.shipping
        for effect in effects:
            for position, amount in amounts_of(effect, candidate, self):
                self.totals[position] -= amount
            self.shipping -= shipping_amount_of(effect, candidate, self)
        gained = sum(totals) + shipping - self.payable
        self.totals, self.shipping = totals, shipping
        return gained

    def _apply(self, candidate: Candidate, effect: CompiledEffect) -> int:
        rule = candidate.rule
        voucher = candidate.voucher.id if candidate.voucher is not None else None
        name, version, step = rule.rule.name, rule.version, effect.step
        gained = shipping_amount_of(effect, candidate, self)
        if gained:
            self.shipping -= gained
            self.shipping_discounts.append(Discount(name, version, gained, step, voucher))
        totals, discounts = self.totals, self.discounts
        for position, amount in amounts_of(effect, candidate, self):
            totals[position] -= amount
            discounts[position].append(Discount(name, version, amount, step, voucher))
            gained += amount
        return gained


def price(question: Question, candidates: Sequence[Candidate], among: int) -> Till:
    """Price the order with the candidates alone; `among` is how many there are in all."""
    till = Till(question, among)
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
        if mode == "all" or group is None:
            till.apply(candidate, effects)
            continue
        if mode == "best" and group not in winners:
            members = [each for each in entries if each[0].rule.rule.group == group]
            winners[group] = _best_of(till, members)
        winner = winners.get(group)
        if winner is not None:
            if winner is not candidate:
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
            targets = _targets(price_effect, positions, till)
            offs = [max(0, cost - target) for cost, target in zip(left, targets, strict=True)]
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


def _targets(effect: ExclusivePrice, positions: Sequence[int], till: Till) -> list[int]:
    """The exclusive prices of lines for their whole quantity; their own totals without one."""
    lines, totals = till.question.cart.lines, till.totals
    if effect.price_list is not None:
        return _list_prices(effect.price_list, positions, till)
    if effect.percent is not None:
        regular = [lines[p].regular for p in positions]
        return [amount - half_up(amount * effect.percent, WHOLE) for amount in regular]
    return [totals[p] if (amount := lines[p].member_amount) is None else amount for p in positions]


def _list_prices(price_list: str, positions: Sequence[int], till: Till) -> list[int]:
    lines, totals = till.question.cart.lines, till.totals
    prices = [till.prices.get((price_list, lines[p].sku)) for p in positions]
    return [
        totals[p] if price is None else price * lines[p].quantity
        for p, price in zip(positions, prices, strict=True)
    ]
