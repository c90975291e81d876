"""What holds for every rule set and every cart."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from benefits import (
    Decision,
    LineAnswer,
    Question,
    RuleSet,
    ShippingAnswer,
    answer_document,
    compile_rule_set,
    decision_text,
    earn_of_paid,
    evaluate,
    evaluate_paid,
    reason_sentence,
    replay,
    replayed_rule_set,
    rule_sentence,
    unlock_sentence,
)
from benefits.index import Index
from tests.benefits.builders import TIERS, stored
from tests.benefits.strategies import LIMITED_GROUPS, questions, rule_lists, rules
from tests.support.requirements import sample

thoroughly = settings(max_examples=sample(quick=30, full=1000), deadline=None)


def figures_of(decision: Decision) -> tuple[object, ...]:
    """Return every figure and rule of an answer, without the reasons for what gave nothing."""
    figures = (decision.lines, decision.shipping, decision.points, decision.totals)
    given = (decision.gifts, decision.grants, decision.charges)
    return (*figures, decision.vouchers, decision.applied, *given)


def rule_set_of(documents: Sequence[dict[str, Any]], version: int = 7) -> RuleSet:
    """Return the compiled rules."""
    return compile_rule_set(
        [stored(document) for document in documents],
        version=version,
        tiers=TIERS,
        groups=LIMITED_GROUPS,
    )


def spending(question: Question, points: int) -> Question:
    """Return the question with points asked for."""
    return replace(question, points=replace(question.points, requested=points))


def check_sums(decision: Decision) -> None:
    """Every figure of a decision is the sum of its parts, and none is below zero."""
    lines, shipping, totals = decision.lines, decision.shipping, decision.totals
    priced: list[LineAnswer | ShippingAnswer] = [*lines, shipping]
    for each in priced:
        taken = sum(discount.amount for discount in each.discounts)
        assert each.regular - taken - each.points_value == each.total
        assert all(discount.amount > 0 for discount in each.discounts)
        assert 0 <= each.points_value <= each.regular - taken
        assert each.total >= 0
        assert each.points >= 0
    assert totals.regular == sum(each.regular for each in lines) + shipping.regular
    assert totals.payable == sum(each.total for each in lines) + shipping.total
    assert totals.regular - totals.discount - totals.points_value == totals.payable
    assert decision.points.value == sum(e.points_value for e in lines) + shipping.points_value
    assert decision.points.spend == sum(each.points for each in lines) + shipping.points
    assert decision.points.earn == sum(each.earn for each in lines)
    assert all(0 <= each.basis <= each.total for each in lines)
    assert all(each.earn >= 0 for each in lines)
    assert totals.discount == sum(each.amount for each in decision.applied)
    given_by_vouchers = sum(
        discount.amount
        for each in priced
        for discount in each.discounts
        if discount.voucher is not None
    )
    assert given_by_vouchers == sum(voucher.amount for voucher in decision.vouchers)


@thoroughly
@given(rule_lists(), questions())
def test_totals_add_up_and_nothing_goes_below_zero(
    documents: list[dict[str, Any]], question: Question
) -> None:
    check_sums(evaluate(rule_set_of(documents), question))


@thoroughly
@given(rule_lists(), questions(), st.integers(0, 5000))
def test_every_spendable_number_of_points_can_be_spent(
    documents: list[dict[str, Any]], question: Question, wish: int
) -> None:
    rule_set = rule_set_of(documents)
    terms = question.points
    spendable = evaluate(rule_set, question).points.spendable
    asked = min(wish, spendable)
    asked -= asked % terms.step
    if asked < terms.minimum:
        asked = 0

    decision = evaluate(rule_set, spending(question, asked))

    check_sums(decision)
    assert decision.points.spend == asked
    assert decision.points.value == asked * terms.value // terms.per


@thoroughly
@given(rule_lists(), questions(), st.randoms(use_true_random=False))
def test_the_order_in_which_rules_are_listed_does_not_matter(
    documents: list[dict[str, Any]], question: Question, random: Random
) -> None:
    shuffled = documents.copy()
    random.shuffle(shuffled)

    first = evaluate(rule_set_of(documents), question)
    second = evaluate(rule_set_of(shuffled), question)

    assert decision_text(first) == decision_text(second)


@thoroughly
@given(rule_lists(), questions(), rules(8), rules(9))
def test_adding_a_rule_that_does_not_apply_changes_no_figure(
    documents: list[dict[str, Any]],
    question: Question,
    stranger: dict[str, Any],
    unmet: dict[str, Any],
) -> None:
    stranger |= {"when": {"fact": "country", "is": "XX"}, "priority": 9}
    unmet |= {"when": {"fact": "subtotal", "at-least": 10**9}, "priority": 9}

    before = evaluate(rule_set_of(documents), question)
    after = evaluate(rule_set_of([*documents, stranger, unmet]), question)

    assert figures_of(before) == figures_of(after)


@thoroughly
@given(rule_lists(), questions())
def test_replay_gives_the_same_bytes(documents: list[dict[str, Any]], question: Question) -> None:
    rule_set = rule_set_of(documents)
    text = decision_text(evaluate(rule_set, question))
    paid = decision_text(evaluate_paid(rule_set, question))

    assert replayed_rule_set(text) == 7
    assert decision_text(replay(text, rule_set_of(documents))) == text
    assert decision_text(replay(paid, rule_set)) == paid
    assert text.isascii()


@thoroughly
@given(rule_lists(), questions())
def test_the_index_leaves_out_no_rule_that_would_give_something(
    documents: list[dict[str, Any]], question: Question
) -> None:
    rule_set = rule_set_of(documents)
    everything = replace(rule_set, index=Index(tuple(range(len(rule_set.rules))), {}))

    indexed, unindexed = evaluate(rule_set, question), evaluate(everything, question)

    assert figures_of(indexed) == figures_of(unindexed)


@thoroughly
@given(rule_lists(), questions())
def test_every_candidate_is_applied_or_has_a_reason_in_words(
    documents: list[dict[str, Any]], question: Question
) -> None:
    decision = evaluate(rule_set_of(documents), question)
    reasons = [reason for reason in decision.not_applied if reason.voucher_code is None]

    applied = {each.rule for each in decision.applied}
    assert applied.isdisjoint(reason.rule for reason in reasons)
    assert len({reason.rule for reason in reasons}) == len(reasons)
    for language in ("en", "zh"):
        for reason in decision.not_applied:
            assert reason_sentence(reason, language=language)
            if reason.unlock is not None:
                assert "{" not in unlock_sentence(reason.unlock, language=language)
        for document in documents:
            assert rule_sentence(document, language=language)


@thoroughly
@given(rule_lists(), questions())
def test_what_was_paid_elsewhere_only_earns(
    documents: list[dict[str, Any]], question: Question
) -> None:
    decision = evaluate_paid(rule_set_of(documents), question)

    check_sums(decision)
    assert decision.totals.discount == 0
    assert decision.vouchers == ()


@thoroughly
@given(rule_lists(), questions())
def test_earning_from_columns_is_earning_from_lines(
    documents: list[dict[str, Any]], question: Question
) -> None:
    rule_set = rule_set_of(documents)
    lines = tuple(structs.replace(line, tax=0, earns=True) for line in question.cart.lines)
    cart = replace(question.cart, lines=lines, shipping_method="", shipping_price=0)
    question = replace(question, cart=cart, vouchers=(), stopped=())

    decision = evaluate_paid(rule_set, question)
    paid = earn_of_paid(
        rule_set,
        facts=question.facts,
        at=question.at,
        currency=cart.currency,
        channel=cart.channel,
        country=cart.country,
        skus=[line.sku for line in lines],
        categories=[line.category for line in lines],
        quantities=[line.quantity for line in lines],
        amounts=[line.regular for line in lines],
        used=question.used,
    )

    assert paid.points == [line.earn for line in decision.lines]
    assert paid.charges == decision.charges
    assert paid.applied == tuple((each.rule, each.version) for each in decision.applied)
    assert (len(paid.gave), sum(paid.gave)) == (len(paid.applied), sum(paid.points))


def points_by_rule(decision: Decision) -> dict[str, int]:
    """Return the points that each rule gave."""
    given_by: dict[str, int] = {}
    for each in decision.lines:
        parts = [each.earn if why.gave is None else why.gave for why in each.earn_why]
        assert sum(parts) == each.earn
        for why, part in zip(each.earn_why, parts, strict=True):
            given_by[why.rule] = given_by.get(why.rule, 0) + part
    return given_by


def bound_by(documents: Sequence[dict[str, Any]], scope: str) -> set[str]:
    """Return the rules that are counted together."""
    kind, _, name = scope.partition(":")
    field = "group" if kind == "group" else "rule"
    return {document["rule"] for document in documents if document.get(field) == name}


@thoroughly
@given(rule_lists(), questions())
def test_what_rules_gave_adds_up_by_line_and_is_charged_within_every_limit(
    documents: list[dict[str, Any]], question: Question
) -> None:
    decision = evaluate(rule_set_of(documents), question)

    taken_by = {each.rule: each.amount for each in decision.applied}
    gave = {"points": points_by_rule(decision), "money": taken_by}
    standing = {each[:5]: each.used for each in question.used}
    for charge in decision.charges:
        assert len(charge.parts) == len(decision.lines)
        assert min(*charge.parts, charge.shipping) >= 0
        if charge.measure in {"points", "uses", "money"}:
            assert charge.most is not None
            assert standing.get(charge[:5], 0) + charge.taken <= charge.most
        if charge.measure in gave:
            counted = bound_by(documents, charge.scope)
            assert charge.taken == sum(gave[charge.measure].get(rule, 0) for rule in counted)


@thoroughly
@given(rule_lists(), questions())
def test_no_order_is_given_more_than_its_limits_and_nothing_by_rules_that_are_barred(
    documents: list[dict[str, Any]], question: Question
) -> None:
    decision = evaluate(rule_set_of(documents), question)

    taken_by = {each.rule: each.amount for each in decision.applied}
    gave = {"points": points_by_rule(decision), "money": taken_by}
    bounds = [(f"rule:{each['rule']}", each.get("limits", ())) for each in documents]
    bounds += [(f"group:{each.name}", each.limits) for each in LIMITED_GROUPS]
    for scope, limit in ((scope, limit) for scope, limits in bounds for limit in limits):
        if limit["for"] == "order":
            counted = bound_by(documents, scope)
            whole = sum(gave[limit["count"]].get(rule, 0) for rule in counted)
            assert whole <= limit["most"]
    barred = {*question.stopped, *question.facts.held_out}
    assert barred.isdisjoint(taken_by.keys() | gave["points"].keys())
    assert barred.isdisjoint(each.rule for each in decision.gifts)
    assert barred.isdisjoint(each.rule for each in decision.grants)


@thoroughly
@given(rule_lists(), questions())
def test_a_decision_holds_no_sentence_and_no_float(
    documents: list[dict[str, Any]], question: Question
) -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)
        else:
            assert node is None or isinstance(node, bool | int | str)
            assert not isinstance(node, str) or " " not in node

    walk(answer_document(evaluate(rule_set_of(documents), question)))
