"""What a member could get: what holds of them is settled, what a cart decides is told."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings

from benefits import (
    Facts,
    Offer,
    Question,
    near_offers,
    needs_sentence,
    offer_sentence,
    offers_of,
)
from benefits.language import Scene, compile_condition
from benefits.language.nodes import SUBTOTAL_STEPS
from tests.benefits.asking import questions_up_to
from tests.benefits.builders import NOON, TIERS, compiled
from tests.benefits.strategies import questions
from tests.support.requirements import sample

Json = dict[str, Any]
OFF: Json = {"effect": "percent-off", "percent": 10, "target": "order"}
SILVER = Facts(
    member=True, tier="silver", member_class="consumer", days_since_joining=20, order_count=3
)
STAGE = 2
GOLD: Json = {"fact": "tier", "at-least": "gold"}
MEMBER: Json = {"fact": "member", "is": True}
FIFTY: Json = {"fact": "subtotal", "at-least": 5_000}


def rule(name: str, when: Json | None = None, **more: Any) -> Json:
    """Return a rule with a condition."""
    return {"rule": name, "effects": [OFF], **({} if when is None else {"when": when}), **more}


def reached(*rules: Json, facts: Facts = SILVER, barred: tuple[str, ...] = ()) -> dict[str, Offer]:
    """Return the offers of rules, by name, in their order."""
    offers = offers_of(compiled(*rules), facts, NOON, barred=barred)
    return {offer.rule.name: offer for offer in offers}


def test_what_holds_of_the_member_is_settled_and_the_rest_is_told() -> None:
    found = reached(
        rule("both", {"all": [MEMBER, FIFTY, {"fact": "channel", "is": "app"}]}),
        rule("either", {"any": [{"fact": "tier", "is": "silver"}, FIFTY]}),
        rule("spend", {"all": [{"not": GOLD}, FIFTY]}),
        rule("not-app", {"not": {"any": [GOLD, {"fact": "channel", "is": "app"}]}}),
        rule("gold", {"all": [GOLD, FIFTY]}),
        rule("not-member", {"not": {"any": [MEMBER, FIFTY]}}),
        rule("all"),
    )

    assert {name: needs_sentence(offer, money=str) for name, offer in found.items()} == {
        "all": None,
        "either": None,
        "not-app": "not (the channel is app)",
        "spend": "the subtotal is at least 5000",
        "both": "the subtotal is at least 5000 and the channel is app",
    }
    assert list(found) == ["all", "either", "not-app", "spend", "both"]
    assert offer_sentence(found["spend"]) == (
        "10% off the order when the subtotal is at least 5000."
    )
    assert offer_sentence(found["spend"], language="zh") == "当商品小计不低于5000时：整单减10%。"


def test_vouchers_closed_rules_and_barred_ones_are_no_offers() -> None:
    later = {"schedule": {"from": (NOON + timedelta(days=1)).isoformat()}}
    rules = (rule("bound", voucher="ten"), rule("later", **later), rule("held"), rule("open"))

    assert list(reached(*rules, barred=("held",))) == ["open"]


def test_the_nearest_of_what_one_thing_keeps_from_the_member_comes_first() -> None:
    rules = compiled(
        rule("veteran", {"fact": "days-since-joining", "at-least": 100}),
        rule("fifth", {"all": [{"fact": "order-count", "at-least": 4}, FIFTY]}),
        rule("two-things", {"all": [GOLD, {"fact": "order-count", "at-least": 4}]}),
        rule("gold", GOLD),
        rule("tagged", {"fact": "tags", "has": "vip"}),
        rule("tomorrow", schedule={"from": (NOON + timedelta(days=1)).isoformat()}),
        rule("held", {"fact": "order-count", "at-least": 4}),
    )

    found = near_offers(rules, SILVER, NOON, barred=("held",))

    told = [(each.offer.rule.name, each.reason.unlock) for each in found]
    assert [(name, unlock and unlock.code) for name, unlock in told] == [
        ("fifth", "order-more"),
        ("veteran", "wait-days"),
        ("tomorrow", "wait-until"),
    ]


@settings(max_examples=sample(quick=60, full=2000), deadline=None)
@given(questions(), questions_up_to(STAGE))
def test_what_is_left_of_a_condition_says_of_every_cart_what_the_whole_says(
    question: Question, when: Json
) -> None:
    scene = Scene(question.cart, question.facts, ("TEN",))
    for _ in SUBTOTAL_STEPS:
        scene.close_step([line.regular for line in question.cart.lines])
    whole = compiled(rule("one", when)).rules[0]
    holds = whole.test is None or whole.test(scene)

    offers = offers_of(compiled(rule("one", when)), question.facts, question.at)

    if not offers:
        assert not holds
    elif (needs := offers[0].needs) is None:
        assert holds
    else:
        assert compile_condition(needs, TIERS, whole.stage)(scene) == holds
