"""The engine takes off what a second evaluator does that was written from the documentation."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from benefits import Decision, Question, compile_rule_set, evaluate
from tests.benefits.builders import TIERS, stored
from tests.benefits.offers import SKUS, money_effects
from tests.benefits.oracle import owed
from tests.benefits.strategies import GROUPS, conditions, questions
from tests.support.requirements import sample

thoroughly = settings(max_examples=sample(quick=60, full=5000), deadline=None)
MODES = {group.name: group.mode for group in GROUPS}


@st.composite
def offers(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Draw a rule that takes money off, and nothing else."""
    rule: dict[str, Any] = {
        "rule": f"rule-{number}",
        "effects": draw(st.lists(money_effects(), min_size=1, max_size=3)),
        "priority": draw(st.integers(0, 2)),
    }
    if draw(st.booleans()):
        rule["when"] = draw(conditions)
    if draw(st.booleans()):
        rule["group"] = draw(st.sampled_from(sorted(MODES)))
    if draw(st.integers(0, 4)) == 0:
        rule["exclusive"] = True
    if draw(st.integers(0, 3)) == 0:
        rule["voucher"] = "coupon"
        if draw(st.booleans()):
            target = draw(st.sampled_from(["lines", "order"]))
            effect = {"effect": "amount-off", "amount_of": "voucher", "target": target}
            rule["effects"] = [effect]
    return rule


@st.composite
def shelves(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw some rules of different names."""
    return [draw(offers(number)) for number in range(draw(st.integers(1, 5)))]


@st.composite
def bound(draw: st.DrawFn) -> Question:
    """Draw a question some of whose vouchers are good for some goods only; nothing is barred."""
    question = draw(questions())
    skus = st.sampled_from([(), (), *((sku,) for sku in SKUS), ("TEA", "PIE")])
    vouchers = tuple(replace(each, skus=draw(skus)) for each in question.vouchers)
    facts = replace(question.facts, held_out=())
    return replace(question, vouchers=vouchers, facts=facts, used=(), stopped=())


def taken_off(decision: Decision) -> dict[tuple[str, int], int]:
    """Return what each rule took off each line; off shipping under -1."""
    off: dict[tuple[str, int], int] = {}
    places = [*enumerate(each.discounts for each in decision.lines)]
    for place, discounts in (*places, (-1, decision.shipping.discounts)):
        for each in discounts:
            off[each.rule, place] = off.get((each.rule, place), 0) + each.amount
    return off


@thoroughly
@given(shelves(), bound())
def test_the_engine_and_the_second_evaluator_agree_to_the_cent(
    rules: list[dict[str, Any]], question: Question
) -> None:
    rule_set = compile_rule_set(
        [stored(rule) for rule in rules], version=1, tiers=TIERS, groups=GROUPS
    )

    decision, sale = evaluate(rule_set, question), owed(rules, MODES, question)

    assert [each.total for each in decision.lines] == sale.lines
    assert decision.shipping.total == sale.shipping
    assert taken_off(decision) == sale.off
