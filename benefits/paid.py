"""What orders earn that are brought along as history: the earning step, without an answer. Pure.

The same figures as `evaluate_paid`, from columns instead of lines. Where no earning rule looks at
lines, the order is asked as one line and its points are laid on the columns afterwards.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from benefits.counted import Charge, Used
from benefits.earned import WHOLE, Earning
from benefits.earning import earn, earn_basis
from benefits.evaluation import find_candidates
from benefits.pricing import Candidate, price
from benefits.rule_set import RuleSet
from benefits.shares import apportion, spread
from benefits.types import Cart, Facts, Line, Question

AppliedRules = tuple[tuple[str, int], ...]


class PaidEarning(NamedTuple):
    """The points of each line, the rules that took part, and what they take of counters."""

    points: list[int]
    applied: AppliedRules
    charges: tuple[Charge, ...] = ()
    gave: tuple[int, ...] = ()
    """The points of the order that are each rule's."""


def earn_of_paid(
    rule_set: RuleSet,
    *,
    facts: Facts,
    at: datetime,
    currency: str,
    channel: str,
    country: str,
    skus: Sequence[str],
    categories: Sequence[str],
    quantities: Sequence[int],
    amounts: Sequence[int],
    marks: Sequence[tuple[str, tuple[str, ...]] | None] = (),
    used: tuple[Used, ...] = (),
    stopped: tuple[str, ...] = (),
) -> PaidEarning:
    """The points of each line of an order that was paid, and the rules that took part in them.

    `marks` are the brands and tags of the lines, where any has them.
    """
    if not facts.member:
        return PaidEarning([0] * len(amounts), ())
    by_line = rule_set.earns_by_line
    if by_line:
        lines = tuple(
            Line(str(position), sku, quantity, amount, category)
            for position, (sku, category, quantity, amount) in enumerate(
                zip(skus, categories, quantities, amounts, strict=True)
            )
        )
        if any(marks):
            lines = tuple(map(_marked, lines, marks))
    else:
        lines = (Line("", "", max(1, sum(quantities)), sum(amounts)),)
    cart = Cart(currency, lines, channel=channel, country=country)
    question = Question(cart=cart, at=at, facts=facts, used=used, stopped=stopped)
    earning, candidates = _earned(rule_set, question)
    applied = tuple(
        (candidate.rule.name, candidate.rule.version)
        for candidate in candidates
        if candidate.number in earning.contributed
    )
    points = earning.per_line() if by_line else _on_columns(earning, amounts)
    return PaidEarning(points, applied, earning.charged(), _by_rule(earning, applied))


def _by_rule(earning: Earning, applied: AppliedRules) -> tuple[int, ...]:
    """What each rule gave the order."""
    if len(applied) == 1:
        return (earning.points,)
    gave = dict.fromkeys((rule for rule, _ in applied), 0)
    for line, whys in zip(*earning.told(), strict=True):
        for why in whys:
            gave[why.rule] += line if why.gave is None else why.gave
    return tuple(gave.values())


def _marked(line: Line, marks: tuple[str, tuple[str, ...]] | None) -> Line:
    return line if marks is None else replace(line, brand=marks[0], tags=marks[1])


def _earned(rule_set: RuleSet, question: Question) -> tuple[Earning, list[Candidate]]:
    candidates = find_candidates(rule_set, question, earning=True)
    till = price(question, (), len(candidates))
    till.scene.close_step(till.totals)
    basis = earn_basis(question.cart, till.totals)
    return earn(question, candidates, till, basis), candidates


def _on_columns(earning: Earning, amounts: Sequence[int]) -> list[int]:
    """Lay what one line earned on the lines it stood for: the same shares, the same bonuses."""
    total = sum(amounts)
    factor = earning.shares[0] // total if total else 0
    points = apportion([amount * factor for amount in amounts], earning.denominator)
    weights = list(amounts) if total else [1, *[0] * (len(amounts) - 1)]
    for part in earning.parts:
        if part.denominator == WHOLE:
            for position, bonus in enumerate(spread(sum(part.numerators), weights)):
                points[position] += bonus
    return points
