"""What is given beside the money: once for a rule, with its discount, and never twice."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import given, settings

from benefits import (
    Decision,
    Facts,
    Gift,
    Grant,
    Group,
    PresentedVoucher,
    Question,
    decision_text,
    evaluate,
    evaluate_paid,
    replay,
)
from tests.benefits.builders import MEMBER, asked, compiled, member, why_not
from tests.benefits.strategies import questions, rule_lists
from tests.benefits.test_properties import rule_set_of
from tests.support.requirements import sample

thoroughly = settings(max_examples=sample(quick=30, full=1000), deadline=None)

TOTE: dict[str, Any] = {
    "rule": "tote",
    "titles": {"en": "A bag", "zh": "手提袋"},
    "effects": [{"effect": "gift", "sku": "TOTE", "choose": ["MUG"]}],
}
NEXT: dict[str, Any] = {
    "rule": "next-time",
    "effects": [{"effect": "voucher", "definition": "five-off", "quantity": 2}],
}
TEN: dict[str, Any] = {"effect": "percent-off", "percent": 10, "target": "order"}


def vouchers(*codes: str) -> tuple[PresentedVoucher, ...]:
    """Return vouchers of one definition."""
    return tuple(
        PresentedVoucher(code, UUID(int=number), MEMBER, "coupon")
        for number, code in enumerate(codes, start=1)
    )


def gifts_of(decision: Decision) -> list[tuple[str, str]]:
    """Return which rule gave which gift."""
    return [(gift.rule, gift.sku) for gift in decision.gifts]


def test_a_gift_and_vouchers_for_later_stand_in_the_decision_and_its_text() -> None:
    rule_set = compiled(TOTE, NEXT)

    decision = evaluate(rule_set, asked())

    (gift,), (grant,) = decision.gifts, decision.grants
    assert (gift.rule, gift.version, gift.sku, gift.quantity) == ("tote", 1, "TOTE", 1)
    assert (gift.choose, gift.titles, gift.voucher) == (("MUG",), TOTE["titles"], None)
    assert (grant.rule, grant.definition, grant.quantity) == ("next-time", "five-off", 2)
    assert {each.rule: each.amount for each in decision.applied} == {"tote": 0, "next-time": 0}
    assert decision.not_applied == ()
    answer = json.loads(decision_text(decision))["answer"]
    assert answer["gifts"] == [
        {"rule": "tote", "version": 1, "sku": "TOTE", "quantity": 1, "choose": ["MUG"]}
    ]
    assert answer["grants"] == [
        {"rule": "next-time", "version": 1, "definition": "five-off", "quantity": 2}
    ]
    text = decision_text(decision)
    assert decision_text(replay(text, rule_set)) == text


def test_a_gift_waits_for_its_condition_after_line_discounts() -> None:
    rule = {**TOTE, "when": {"fact": "subtotal", "at-least": 1000}}
    off = {"rule": "off", "effects": [{"effect": "amount-off", "amount": 1, "target": "lines"}]}

    assert gifts_of(evaluate(compiled(rule), asked())) == [("tote", "TOTE")]
    short = evaluate(compiled(rule, off), asked())
    assert short.gifts == ()
    assert why_not(short, "tote") == "condition-not-met"


def test_a_guest_gets_gifts_and_is_told_to_join_for_vouchers() -> None:
    decision = evaluate(compiled(TOTE, NEXT), asked(facts=Facts()))

    assert gifts_of(decision) == [("tote", "TOTE")]
    assert decision.grants == ()
    (reason,) = decision.not_applied
    assert (reason.rule, reason.code, reason.fact) == ("next-time", "condition-not-met", "member")
    assert reason.unlock is not None
    assert reason.unlock.code == "join"


def test_a_rule_of_both_gives_a_guest_the_gift_alone() -> None:
    both = {**TOTE, "effects": [*TOTE["effects"], *NEXT["effects"]]}

    guest, someone = (evaluate(compiled(both), asked(facts=facts)) for facts in (Facts(), member()))

    assert (len(guest.gifts), len(guest.grants)) == (1, 0)
    assert (len(someone.gifts), len(someone.grants)) == (1, 1)


def test_a_voucher_brings_its_gift_once_and_is_used_up_by_it() -> None:
    rule = {**TOTE, "voucher": "coupon"}

    decision = evaluate(compiled(rule), asked(vouchers=vouchers("V1", "V2")))

    assert [gift.voucher for gift in decision.gifts] == [UUID(int=1)]
    assert [(used.code, used.amount) for used in decision.vouchers] == [("V1", 0)]
    assert [(each.voucher_code, each.code) for each in decision.not_applied] == [
        ("V2", "no-effect")
    ]


def test_a_rule_whose_discount_lost_gives_no_gift() -> None:
    groups = [Group("promo", "best")]
    more = {"rule": "more", "group": "promo", "effects": [{**TEN, "percent": 20}]}
    less = {"rule": "less", "group": "promo", "effects": [TEN, *TOTE["effects"]]}

    decision = evaluate(compiled(more, less, groups=groups), asked())

    assert decision.gifts == ()
    assert why_not(decision, "less") == "lost-to"


def test_with_an_exclusive_rule_that_won_only_its_own_gift_is_given() -> None:
    alone = {
        "rule": "alone",
        "exclusive": True,
        "effects": [{**TEN, "percent": 50}, {"effect": "gift", "sku": "MUG"}],
    }
    better = {"rule": "better", "effects": [{**TEN, "percent": 60}]}

    won = evaluate(compiled(alone, TOTE, NEXT), asked())
    lost = evaluate(compiled(alone, TOTE, better), asked())

    assert (gifts_of(won), won.grants) == ([("alone", "MUG")], ())
    assert why_not(won, "tote") == why_not(won, "next-time") == "excluded-by"
    assert gifts_of(lost) == [("tote", "TOTE")]
    assert why_not(lost, "alone") == "not-better"


def test_an_exclusive_rule_of_gifts_alone_gives_where_no_other_gives() -> None:
    alone = {**TOTE, "rule": "alone", "exclusive": True}
    twin = {**alone, "rule": "twin"}
    off = {"rule": "off", "effects": [TEN]}

    beside_discounts = evaluate(compiled(alone, off), asked())
    beside_gifts = evaluate(compiled(alone, TOTE), asked())
    of_two = evaluate(compiled(alone, twin), asked())

    assert gifts_of(beside_discounts) == [("alone", "TOTE")]
    assert gifts_of(beside_gifts) == [("tote", "TOTE")]
    assert why_not(beside_gifts, "alone") == "excluded-by"
    assert gifts_of(of_two) == [("alone", "TOTE")]
    assert why_not(of_two, "twin") == "excluded-by"


def test_what_came_with_what_was_paid_brings_nothing_beside() -> None:
    earns = {**TOTE, "effects": [*TOTE["effects"], {"effect": "earn", "bonus": 5}]}

    decision = evaluate_paid(compiled(earns, NEXT), asked())

    assert (decision.gifts, decision.grants) == ((), ())
    assert decision.points.earn == 5


@thoroughly
@given(rule_lists(), questions())
def test_gifts_come_of_rules_that_applied_and_once_of_each_effect(
    documents: list[dict[str, Any]], question: Question
) -> None:
    decision = evaluate(rule_set_of(documents), question)
    applied = {each.rule for each in decision.applied}
    effects = {
        document["rule"]: [each["effect"] for each in document["effects"]] for document in documents
    }

    beside: list[Gift | Grant] = [*decision.gifts, *decision.grants]
    assert {each.rule for each in beside} <= applied
    for name, said in effects.items():
        gifts = [gift for gift in decision.gifts if gift.rule == name]
        grants = [grant for grant in decision.grants if grant.rule == name]
        assert len(gifts) in {0, said.count("gift")}
        assert len(grants) in {0, said.count("voucher")}
        assert not grants or question.facts.member
    used = {voucher.id for voucher in decision.vouchers}
    brought = {each.voucher for each in beside} - {None}
    assert brought <= used


@thoroughly
@given(rule_lists(), questions())
def test_gifts_change_no_figure(documents: list[dict[str, Any]], question: Question) -> None:
    """What is given beside the money takes none of it, and none of the points."""
    given_ = {"gift", "voucher"}
    money = [
        {**document, "effects": kept}
        for document in documents
        if (kept := [each for each in document["effects"] if each["effect"] not in given_])
    ]
    question = replace(question, used=())
    for document in (*money, *documents):
        document.pop("limits", None)

    whole = evaluate(rule_set_of(documents), question)
    without = evaluate(rule_set_of(money), question)

    assert (whole.lines, whole.shipping, whole.totals) == (
        without.lines,
        without.shipping,
        without.totals,
    )
