"""Decisions as text: canonical, replayable, and refused where they are none of ours."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benefits import (
    REVISION,
    BenefitsError,
    Cart,
    CartRefused,
    Facts,
    MemberPrice,
    PointsTerms,
    PresentedVoucher,
    Question,
    Used,
    decision_text,
    evaluate,
    facts_document,
    facts_from,
    question_document,
    question_from,
    reason_document,
    reason_from,
    replay,
    replayed_rule_set,
)
from benefits.decisions import canonical
from tests.benefits.builders import MEMBER, NOON, asked, cart, compiled, line, member, unhurried

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
BASE = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
FULL = Question(
    cart=cart(
        line("1", 900, sku="PIE", quantity=2, member_amount=798, tax=12, earns=False),
        line("2", 100, points_payable=False),
        shipping_method="standard",
        shipping_price=590,
        channel="web",
        country="US",
        prices_include_tax=True,
    ),
    at=NOON,
    facts=Facts(
        member=True,
        tier="gold",
        member_class="consumer",
        days_since_joining=0,
        birthday=("week",),
        tags=("a",),
        order_count=0,
    ),
    vouchers=(
        PresentedVoucher("V1", UUID(int=1), MEMBER, "coupon", 55, ("PIE",)),
        PresentedVoucher("V2", refusal="voucher-not-found"),
    ),
    prices=(MemberPrice("club", "PIE", 390),),
    points=PointsTerms(available=9, requested=3, value=2, per=3, minimum=1, step=1),
)


def test_a_question_survives_its_document() -> None:
    document = json.loads(json.dumps(question_document(FULL)))

    assert question_from(document) == FULL
    assert question_from(question_document(asked())) == asked()


def test_facts_survive_their_document_and_leave_out_what_is_not_known() -> None:
    assert facts_from(facts_document(FULL.facts)) == FULL.facts
    assert facts_document(Facts()) == {}
    assert facts_from({}) == Facts()


def test_reasons_survive_their_document() -> None:
    rule_set = compiled(
        BASE,
        {
            "rule": "limited",
            "limits": [{"count": "uses", "for": "member", "every": "month", "most": 1}],
            "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
        },
        {
            "rule": "more",
            "tell": True,
            "when": {"fact": "subtotal", "at-least": 5_000},
            "effects": [{"effect": "free-shipping"}],
        },
        {
            "rule": "tagged",
            "when": {"fact": "tags", "has-any": ["x", "y"]},
            "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
        },
    )
    used = Used(
        "rule:limited", "uses", everyone=False, every="month", starts_on="2026-11-01", used=1
    )

    reasons = evaluate(rule_set, replace(FULL, used=(used,))).not_applied

    written = [json.loads(json.dumps(reason_document(each))) for each in reasons]
    assert [reason_from(each) for each in written] == list(reasons)
    assert {each.code for each in reasons} >= {"limit-reached", "condition-not-met"}
    assert any(each.limit for each in reasons)
    assert any(each.unlock for each in reasons)


def test_a_decision_is_canonical_text() -> None:
    text = decision_text(evaluate(compiled(BASE), FULL))
    stored = json.loads(text)

    assert json.dumps(stored, sort_keys=True, separators=(",", ":")) == text
    assert (stored["revision"], stored["rule_set"], stored["paid"]) == (REVISION, 1, False)


@unhurried
@given(PLAIN)
@example({"b": 1, "B": [True, None, -1], "a_": {}, "a-b": '\\/"\n\x1f', "a": ""})
@example("\x7f")
@example("\ud800")
@example({"é": "€", "z": 0, "𝄞": 0, "\uffff": 1})
@example([2**64 - 1, -(2**63), 2**70, -(2**70)])
def test_canonical_text_is_spelt_as_the_standard_library_spells_it(document: object) -> None:
    assert canonical(document) == json.dumps(
        document, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def test_a_decision_of_last_year_is_replayed_to_the_same_bytes() -> None:
    """The bytes of the first revision, kept here for ever."""
    text = (
        '{"answer":{"applied":[{"amount":0,"earned":true,"rule":"base","version":1}],"lines":'
        '[{"basis":1000,"discounts":[],"earn":10,"earn_why":[{"per":100,"points":1,"rule":"base",'
        '"version":1}],"line_id":"1","points":0,"points_value":0,"regular":1000,"total":1000}],'
        '"not_applied":[],"points":{"available":0,"earn":10,"spend":0,"spendable":0,"value":0},'
        '"shipping":{"discounts":[],"points":0,"points_value":0,"regular":0,"total":0},'
        '"totals":{"discount":0,"payable":1000,"points_value":0,"regular":1000},"vouchers":[]},'
        '"format":1,"paid":false,"question":{"at":"2026-11-18T12:00:00+00:00","cart":{"currency":'
        '"USD","lines":[{"category":"DRINKS","line_id":"1","quantity":1,"regular":1000,"sku":'
        '"TEA"}]},"facts":{"days_since_joining":100,"member":true,"member_class":"consumer",'
        '"order_count":3,"tier":"standard"},"points":{},"prices":[],"vouchers":[]},"revision":1,'
        '"rule_set":1}'
    )

    assert decision_text(replay(text, compiled(BASE))) == text


def test_an_answer_that_was_altered_is_found_by_replay() -> None:
    rule_set = compiled(BASE)
    altered = decision_text(evaluate(rule_set, asked())).replace('"earn":10', '"earn":99')

    assert decision_text(replay(altered, rule_set)) != altered


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "decision-damaged"),
        ("[]", "decision-damaged"),
        ("{}", "decision-damaged"),
        (
            '{"format":1,"rule_set":1,"revision":9,"question":{},"answer":{}}',
            "engine-revision-unknown",
        ),
        ('{"format":1,"rule_set":2,"revision":1,"question":{},"answer":{}}', "decision-damaged"),
        ('{"format":1,"rule_set":1,"revision":1,"question":{},"answer":{}}', "decision-damaged"),
        (
            '{"format":1,"rule_set":1,"revision":1,"question":{"cart":{}},"answer":{}}',
            "decision-damaged",
        ),
    ],
)
def test_what_cannot_be_replayed_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(BenefitsError) as refused:
        replay(text, compiled(BASE))

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (PointsTerms(available=10, requested=11), "points-over-available"),
        (PointsTerms(available=2000, requested=1001), "points-over-spendable"),
        (PointsTerms(available=1000, requested=501, max_share_percent=50), "points-over-spendable"),
        (PointsTerms(available=1000, requested=50, minimum=100), "points-under-minimum"),
        (PointsTerms(available=1000, requested=150, step=100), "points-off-step"),
        (PointsTerms(available=0, requested=1), "points-over-available"),
        (PointsTerms(available=5, requested=-1), "points-under-minimum"),
    ],
)
def test_points_that_cannot_be_spent_are_refused_by_name(terms: PointsTerms, code: str) -> None:
    with pytest.raises(BenefitsError) as refused:
        evaluate(compiled(BASE), asked(points=terms))

    assert refused.value.code == code
    assert refused.value.pointer == "/order/points_to_spend"


def test_a_decision_without_a_rule_set_is_refused_by_name() -> None:
    text = '{"format":1,"rule_set":"x","revision":1,"question":{},"answer":{}}'

    with pytest.raises(BenefitsError) as refused:
        replayed_rule_set(text)

    assert refused.value.code == "decision-damaged"


def test_a_cart_that_is_none_is_refused() -> None:
    attempts: list[Callable[[], object]] = [
        lambda: Cart("USD", ()),
        lambda: cart(line("1"), line("1")),
        lambda: cart(shipping_price=-1),
        lambda: line(quantity=0),
        lambda: line(regular=-1),
        lambda: line(tax=-1),
        lambda: line(member_amount=-1),
        lambda: asked(at=NOON.replace(tzinfo=None)),
    ]

    for attempt in attempts:
        with pytest.raises(CartRefused):
            attempt()


def test_the_instant_is_part_of_the_question() -> None:
    """A member day counts in the programme's zone, at the instant handed in."""
    rule = {
        **BASE,
        "rule": "tuesday",
        "schedule": {"member_days": [{"every": "week", "weekday": "thu"}]},
    }
    late = replace(asked(facts=member()), at=NOON + timedelta(hours=11))  # 23:00 UTC, Wednesday

    assert evaluate(compiled(rule), late).points.earn == 0
    assert evaluate(compiled(rule, zone="Europe/Berlin"), late).points.earn == 10
