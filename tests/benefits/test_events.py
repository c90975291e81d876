"""Rules about events: the same language, rule set and decision, and nothing of a cart in them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from benefits import (
    Cart,
    Decision,
    Facts,
    Line,
    Question,
    RuleRefused,
    Vocabulary,
    decision_text,
    evaluate,
    evaluate_paid,
    replay,
    rule_sentence,
)
from benefits.language import read_rule
from benefits.language.nodes import CART_FACTS, FACTS
from benefits.language.occasions import EVENT_FACTS
from tests.benefits.builders import NOON, TIERS, asked, compiled, member

REVIEW: dict[str, Any] = {
    "rule": "review",
    "on": "review-written",
    "effects": [{"effect": "earn", "bonus": 50}],
}
GOLD = {**REVIEW, "rule": "gold", "when": {"fact": "tier", "at-least": "gold"}}
BASE = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
WELCOME = {"rule": "welcome", "effects": [{"effect": "earn", "bonus": 7}]}
EVENT = Cart("USD", (Line("event", "", 1, 0),), channel="app")
WORDS = Vocabulary(TIERS, (), (), (), ("review-written", "check-in"))


def happened(kind: str, facts: Facts | None = None, *, at: datetime = NOON) -> Question:
    return Question(cart=EVENT, at=at, facts=facts or member(), event=kind)


def earned(decision: Decision) -> dict[str, int | None]:
    return {why.rule: why.bonus for line in decision.lines for why in line.earn_why}


def test_an_event_earns_what_rules_about_it_give_and_a_cart_what_the_others_give() -> None:
    rules = compiled(REVIEW, GOLD, BASE, WELCOME, {**REVIEW, "rule": "visit", "on": "check-in"})

    review = evaluate_paid(rules, happened("review-written", member("gold")))
    visit = evaluate_paid(rules, happened("check-in"))
    nothing = evaluate_paid(rules, happened("feedback-given"))
    bought = evaluate(rules, asked())

    assert (earned(review), review.points.earn) == ({"gold": 50, "review": 50}, 100)
    assert earned(visit) == {"visit": 50}
    assert (nothing.points.earn, nothing.not_applied) == (0, ())
    assert bought.points.earn == 17
    assert {each.rule for each in bought.applied} == {"base", "welcome"}


def test_an_event_obeys_conditions_schedules_groups_and_exclusion() -> None:
    friday = {**REVIEW, "rule": "friday", "schedule": {"weekdays": ["fri"]}}
    by_app = {**REVIEW, "rule": "app", "when": {"fact": "channel", "is": "app"}}
    alone = {**REVIEW, "rule": "alone", "exclusive": True, "when": {"fact": "class", "is": "staff"}}
    rules = compiled(friday, by_app, alone)

    usual = evaluate_paid(rules, happened("review-written"))
    on_friday = evaluate_paid(
        rules, happened("review-written", at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    )

    assert earned(usual) == {"app": 50}
    assert earned(on_friday) == {"app": 50, "friday": 50}
    assert [each.code for each in usual.not_applied] == ["condition-not-met"]


def test_a_bonus_for_a_review_cannot_depend_on_its_stars() -> None:
    for name in ("stars", "rating", "text", "sentiment"):
        with pytest.raises(RuleRefused) as refused:
            read_rule({**REVIEW, "when": {"fact": name, "at-least": 4}}, WORDS)
        assert (refused.value.code, refused.value.pointer) == ("rule-unknown-fact", "/when/fact")
    assert EVENT_FACTS.keys() == FACTS.keys() - CART_FACTS | {"channel"}
    assert set(Question.__dataclass_fields__) == {
        *("cart", "at", "facts", "vouchers", "prices", "points", "used", "event", "stopped")
    }, "an event brings its kind and nothing else"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"on": "rated"}, "rule-unknown-reference", "/on"),
        ({"on": 5}, "rule-wrong-type", "/on"),
        ({"voucher": "birthday"}, "rule-effect-without-target", "/voucher"),
        ({"tell": True}, "rule-effect-without-target", "/tell"),
        ({"effects": [BASE["effects"][0]]}, "rule-effect-without-target", "/effects/0"),
        (
            {"effects": [REVIEW["effects"][0], {"effect": "free-shipping"}]},
            "rule-effect-without-target",
            "/effects/1",
        ),
        (
            {"effects": [{"effect": "earn", "bonus": 5, "where": {"fact": "sku", "is": "TEA"}}]},
            "rule-effect-without-target",
            "/effects/0/where",
        ),
        (
            {"when": {"all": [{"fact": "subtotal", "at-least": 1}]}},
            "rule-unknown-fact",
            "/when/all/0/fact",
        ),
    ],
)
def test_a_rule_about_an_event_that_makes_no_sense_is_refused_with_the_path_to_the_node(
    change: dict[str, Any], code: str, pointer: str
) -> None:
    words = Vocabulary(TIERS, (), (), ("birthday",), WORDS.events)

    with pytest.raises(RuleRefused) as refused:
        read_rule({**REVIEW, **change}, words)

    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_the_decision_about_an_event_is_replayed_to_the_same_bytes() -> None:
    rules = compiled(REVIEW, GOLD)
    text = decision_text(evaluate_paid(rules, happened("review-written", member("gold"))))

    assert decision_text(replay(text, rules)) == text
    assert '"event":"review-written"' in text


def test_a_rule_about_an_event_is_told_in_words() -> None:
    assert rule_sentence(REVIEW, names={"event:review-written": "review written"}) == (
        "50 bonus points when the event review written happens."
    )
    assert rule_sentence(GOLD, language="zh") == (
        "当发生事件 review-written，且等级不低于gold时：加赠50积分。"
    )
