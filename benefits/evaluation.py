"""From a question and a compiled rule set to a decision with reasons. Pure and deterministic.

Prices, line discounts, order discounts, vouchers, shipping, points, earning: each step works on
what the last left and nothing goes below zero. The caller hands in the instant; there is no
clock and no I/O.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from benefits.earned import Earning
from benefits.earning import earn, earn_basis
from benefits.entitled import Entitled, entitle
from benefits.gifts import Given, give
from benefits.language import closed_by
from benefits.points import Spending, plan_spending
from benefits.pricing import PRICING_STEPS, Candidate, Till, price
from benefits.reasons import Reasons
from benefits.records import FREE
from benefits.rule_set import CompiledRule, RuleSet
from benefits.types import (
    Applied,
    Decision,
    LineAnswer,
    PointsAnswer,
    Question,
    ShippingAnswer,
    Step,
    Totals,
    VoucherAnswer,
)

REVISION = 3
"""Moves when the same question may get another answer; quotes of old ones are asked for again."""
KNOWN_REVISIONS = frozenset({1, 2, REVISION})
"""Those whose decisions are still replayed: the first did not say which rule gave which points;
the second knew no rule that the third decides otherwise.
"""


_BOUNDING_OFFS = 3
"""The revision since which limits bound what is taken off, not only what is earned, and since which
the order in which they stand does not matter.
"""


def evaluate(rule_set: RuleSet, question: Question, *, revision: int = REVISION) -> Decision:
    """Decide what the member gets for the cart at the instant.

    Raises Points… errors where the points asked for cannot be spent; every rule that gives
    nothing is a reason in the answer instead.
    """
    candidates = find_candidates(rule_set, question)
    till, fates = _price_best(question, candidates, bounds_offs=revision >= _BOUNDING_OFFS)
    decision = _finish(rule_set, candidates, till, fates, paid=False)
    if question.facts.plan is not None and revision == REVISION:
        decision = replace(decision, saved=_saved(question, candidates, till))
    return decision if revision == REVISION else replace(decision, revision=revision)


def evaluate_paid(rule_set: RuleSet, question: Question, *, revision: int = REVISION) -> Decision:
    """Decide what an order earns whose line amounts are what was paid: the earning step alone."""
    candidates = find_candidates(rule_set, question, earning=True)
    till = price(question, (), len(candidates), bounds_offs=revision >= _BOUNDING_OFFS)
    decision = _finish(rule_set, candidates, till, {}, paid=True)
    return decision if revision == REVISION else replace(decision, revision=revision)


def _saved(question: Question, candidates: Sequence[Candidate], till: Till) -> int:
    """What the cart would cost more without the rules of the member's plan."""
    if not any(each.rule.of_plan and till.gave[each.number] for each in candidates):
        return 0
    left = (each for each in candidates if not each.rule.of_plan)
    others = [Candidate(n, each.rule, each.voucher, each.barred) for n, each in enumerate(left)]
    without, _ = _price_best(question, others, bounds_offs=True)
    return max(without.payable - till.payable, 0)


def find_candidates(
    rule_set: RuleSet, question: Question, *, earning: bool = False
) -> list[Candidate]:
    """The rules that the index admits and whose schedule is open, once for each voucher.

    `earning` leaves out those that earn nothing.
    """
    locals_: dict[object, datetime] = {}
    barred = dict.fromkeys(question.facts.held_out, "held-out")
    barred |= dict.fromkeys(question.stopped, "stopped")
    found: list[Candidate] = []
    for position in rule_set.index.admitted(question):
        rule = rule_set.rules[position]
        said = rule.rule
        if said.on != question.event or (earning and not rule.earning):
            continue
        if said.schedule is not None and schedule_part(rule, question.at, locals_) is not None:
            continue
        bound_to = said.voucher
        why_not = barred.get(rule.name)
        if bound_to is None:
            found.append(Candidate(len(found), rule, None, why_not))
            continue
        for voucher in question.vouchers:
            if voucher.definition == bound_to and voucher.refusal is None:
                found.append(Candidate(len(found), rule, voucher, why_not))
    return found


def schedule_part(rule: CompiledRule, at: datetime, locals_: dict[object, datetime]) -> str | None:
    """The part of the rule's schedule that is closed at the instant."""
    schedule = rule.rule.schedule
    if schedule is None:
        return None
    local = locals_.get(rule.zone)
    if local is None:
        local = locals_[rule.zone] = at.astimezone(rule.zone)
    return closed_by(schedule, at, local)


Fates = dict[int, tuple[str, str | None]]


def _price_best(
    question: Question, candidates: Sequence[Candidate], *, bounds_offs: bool
) -> tuple[Till, Fates]:
    """Price with all rules that combine, or with one exclusive rule alone if that is better."""
    among = len(candidates)
    exclusive = [
        candidate
        for candidate in candidates
        if candidate.rule.rule.exclusive and candidate.rule.steps[0][0] in PRICING_STEPS
    ]
    if not exclusive:
        till = price(question, candidates, among, bounds_offs=bounds_offs)
        return till, till.fates
    combining = [each for each in candidates if not each.rule.rule.exclusive]
    best = price(question, combining, among, bounds_offs=bounds_offs)
    together, winner = best, None
    short: Fates = {}
    for candidate in exclusive:
        alone = price(question, [candidate], among, bounds_offs=bounds_offs)
        short |= alone.fates
        together.reached |= alone.reached
        if alone.payable < best.payable:
            best, winner = alone, candidate
    fates = dict(together.fates)
    if winner is None:
        unfit = (c.number for c in exclusive if best.passes(c))
        fates.update({number: short.get(number, ("not-better", None)) for number in unfit})
    else:
        others = (c for c in candidates if c is not winner and together.passes(c))
        fates.update({c.number: ("excluded-by", winner.rule.name) for c in others})
        fates.pop(winner.number, None)
    return best, fates


def _finish(
    rule_set: RuleSet,
    candidates: Sequence[Candidate],
    till: Till,
    fates: Fates,
    *,
    paid: bool,
) -> Decision:
    question = till.question
    spending = plan_spending(question.points, question.cart, till.totals, till.shipping)
    left = till.totals
    if spending.value:
        left = [
            total - value for total, value in zip(left, spending.value_spread[:-1], strict=True)
        ]
    till.scene.close_step(left)
    basis = earn_basis(question.cart, left)
    earning = earn(question, candidates if question.facts.member else (), till, basis)
    fates.update(earning.fates)
    till.rooms = earning.rooms
    till.reached |= earning.reached
    if not question.facts.member:
        earners = (c for c in candidates if c.rule.steps[0][0] is Step.EARNING)
        fates.update({c.number: ("members-only", None) for c in earners})
    entitled = Entitled() if paid else entitle(candidates, till)
    given = Given() if paid else give(candidates, till, fates)
    gave = earning.contributed | entitled.contributed | given.contributed
    reasons = Reasons(rule_set, candidates, till, gave, entitled.fates | given.fates | fates)
    return Decision(
        question=question,
        rule_set=rule_set.version,
        revision=REVISION,
        lines=_line_answers(till, spending, left, basis, earning),
        shipping=_shipping_answer(till, spending),
        points=PointsAnswer(
            available=question.points.available,
            spendable=spending.spendable,
            spend=spending.points,
            value=spending.value,
            earn=earning.points,
        ),
        totals=_totals(till, spending),
        applied=_applied(candidates, till, earning, given),
        vouchers=_vouchers(candidates, till, given),
        not_applied=reasons.all(told=not paid),
        paid=paid,
        entitlements=entitled.held,
        gifts=given.gifts,
        grants=given.grants,
        charges=earning.charged(),
    )


def _line_answers(
    till: Till, spending: Spending, left: list[int], basis: list[int], earning: Earning
) -> tuple[LineAnswer, ...]:
    earned, whys = earning.told()
    columns = zip(
        till.question.cart.lines,
        till.discounts,
        spending.points_spread[:-1],
        spending.value_spread[:-1],
        left,
        basis,
        earned,
        whys,
        strict=True,
    )
    lines = [
        LineAnswer(line.line_id, line.regular, tuple(offs), points, value, total, earns, earn, why)
        for line, offs, points, value, total, earns, earn, why in columns
    ]
    return tuple(lines)


def _shipping_answer(till: Till, spending: Spending) -> ShippingAnswer:
    value = spending.value_spread[-1]
    return ShippingAnswer(
        regular=till.question.cart.shipping_price,
        discounts=tuple(till.shipping_discounts),
        points=spending.points_spread[-1],
        points_value=value,
        total=till.shipping - value,
    )


def _totals(till: Till, spending: Spending) -> Totals:
    cart = till.question.cart
    regular = till.scene.sums[0] + cart.shipping_price
    return Totals(
        regular=regular,
        discount=regular - till.payable,
        points_value=spending.value,
        payable=till.payable - spending.value,
    )


def _applied(
    candidates: Sequence[Candidate], till: Till, earning: Earning, given: Given
) -> tuple[Applied, ...]:
    found: dict[str, Applied] = {}
    for candidate in candidates:
        amount = till.gave[candidate.number]
        earned = candidate.number in earning.contributed
        if not amount and not earned and candidate.number not in given.contributed:
            continue
        rule, cut = candidate.rule, till.cuts.get(candidate.number, 0)
        before = found.get(rule.name)
        if before is not None:
            amount, cut = before.amount + amount, before.cut + cut
            earned = before.earned or earned
        found[rule.name] = Applied(rule.name, rule.version, amount, earned=earned, cut=cut)
    return tuple(found.values())


def _vouchers(
    candidates: Sequence[Candidate], till: Till, given: Given
) -> tuple[VoucherAnswer, ...]:
    """The vouchers that did anything, with what they took off: what the order has to reserve."""
    if not till.question.vouchers:
        return ()
    amounts: dict[str, int] = {}
    for candidate in candidates:
        voucher, amount = candidate.voucher, till.gave[candidate.number]
        if voucher is None or voucher.id is None:
            continue
        if amount or candidate.number in given.contributed:
            amounts[voucher.code] = amounts.get(voucher.code, 0) + amount
    by_code = {voucher.code: voucher for voucher in till.question.vouchers}
    return tuple(
        VoucherAnswer(code, found.id, found.member or FREE, found.definition, amount)
        for code, amount in amounts.items()
        if (found := by_code[code]).id is not None
    )
