"""Rights: the best of each kind holds, the rule is named, and carts decide only where they are."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import (
    Cart,
    Entitlement,
    Facts,
    Question,
    RuleRefused,
    RuleSet,
    decision_text,
    entitlement_phrase,
    evaluate,
    held_at,
    reason_sentence,
    replay,
    rights_of,
    rule_schema,
    rule_sentence,
    turns_of,
)
from benefits.entitled import DEPENDS_ON_ORDER
from benefits.language import Scene, read_rule
from benefits.language.facts import READERS
from benefits.language.nodes import CART_FACTS, ENTITLEMENTS, FACTS
from tests.benefits.builders import NOON, TIERS, compiled, line, unhurried

SERVICE = {"effect": "entitlement", "kind": "service-response"}
DELIVERY = {"effect": "entitlement", "kind": "delivery-class"}
RETURNS = {"effect": "entitlement", "kind": "free-returns"}
TAILORED = {"effect": "entitlement", "kind": "tailored-service"}


def gives(name: str, *effects: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a rule that gives rights."""
    return {"rule": name, "effects": list(effects), **more}


def tier(at_least: str) -> dict[str, Any]:
    """Return the condition of a tier or above."""
    return {"fact": "tier", "at-least": at_least}


SILVER = gives("silver-service", SERVICE | {"hours": 24}, when=tier("silver"))
GOLD = gives(
    "gold-rights",
    SERVICE | {"hours": 12},
    SERVICE | {"hours": 4, "issue": "refund"},
    DELIVERY | {"class": "express"},
    when=tier("gold"),
)
ABROAD = gives(
    "free-returns-at-home",
    RETURNS | {"days": 60},
    when={"not": {"fact": "country", "in": ["FR", "IT"]}},
)
LADDER = compiled(SILVER, GOLD, ABROAD)


def member(tier: str = "standard", **more: Any) -> Facts:
    """Return the facts of a member."""
    return Facts(member=True, tier=tier, member_class="consumer", **more)


def said(rights: tuple[Entitlement, ...]) -> list[tuple[str, str | None, int | str | None, str]]:
    """Return the rights with the rules that gave them."""
    return [(*right.right, right.rule) for right in rights]


def asked(rule_set: RuleSet, facts: Facts, **cart: Any) -> Question:
    """Return the question of a cart."""
    return Question(Cart("USD", (line(),), **cart), NOON, facts)


def test_the_best_of_each_kind_holds_and_names_the_rule_that_gives_it() -> None:
    assert said(rights_of(LADDER, member("silver"), NOON).held) == [
        ("service-response", None, 24, "silver-service")
    ]
    assert said(rights_of(LADDER, member("diamond"), NOON).held) == [
        ("service-response", None, 12, "gold-rights"),
        ("service-response", "refund", 4, "gold-rights"),
        ("delivery-class", None, "express", "gold-rights"),
    ]


def test_what_is_answered_sooner_for_everything_covers_the_one_thing() -> None:
    slow = gives("slow-refunds", SERVICE | {"hours": 48, "issue": "refund"})
    rules = compiled(slow, gives("fast", SERVICE | {"hours": 8}))

    assert said(rights_of(rules, member(), NOON).held) == [("service-response", None, 8, "fast")]


def test_of_two_rules_that_give_the_same_the_first_is_named() -> None:
    rules = compiled(
        gives("b-later", TAILORED, priority=1),
        gives("a-first", TAILORED),
        gives("c-last", TAILORED),
    )

    assert said(rights_of(rules, member(), NOON).held) == [
        ("tailored-service", None, None, "b-later")
    ]


def test_without_a_cart_what_only_a_cart_can_tell_is_not_met_and_told_as_such() -> None:
    rules = compiled(
        ABROAD,
        gives("big-orders", TAILORED, when={"fact": "subtotal", "at-least": 5000}),
    )

    rights = rights_of(rules, member(), NOON)

    assert rights.held == ()
    assert [(n.entitlement.rule, n.reason.code, n.reason.fact) for n in rights.not_held] == [
        ("big-orders", DEPENDS_ON_ORDER, "subtotal"),
        ("free-returns-at-home", DEPENDS_ON_ORDER, "country"),
    ]
    assert reason_sentence(rights.not_held[0].reason) == "It depends on the order."


def test_with_a_cart_its_facts_decide() -> None:
    home = evaluate(LADDER, asked(LADDER, member(), country="US"))
    abroad = evaluate(LADDER, asked(LADDER, member(), country="FR"))

    assert said(home.entitlements) == [("free-returns", None, 60, "free-returns-at-home")]
    assert abroad.entitlements == ()


def test_a_quote_says_what_beat_a_rule_that_gave_no_right() -> None:
    decision = evaluate(LADDER, asked(LADDER, member("gold"), country="US"))

    assert [(r.rule, r.code, r.other) for r in decision.not_applied] == [
        ("silver-service", "lost-to", "gold-rights")
    ]


def test_a_right_that_is_not_held_says_what_would_help() -> None:
    near = rights_of(LADDER, member("silver"), NOON).not_held

    told = {(n.entitlement.kind, n.entitlement.subject): n.reason for n in near}
    assert told["delivery-class", None].rule == "gold-rights"
    unlock = told["delivery-class", None].unlock
    assert unlock is not None
    assert (unlock.code, dict(unlock.facts)) == ("reach-tier", {"tier": "gold"})


def test_a_rule_for_staff_is_told_to_nobody_else() -> None:
    rules = compiled(gives("staff", TAILORED, when={"fact": "class", "is": "staff"}))

    assert rights_of(rules, member(), NOON).not_held == ()


def test_a_right_is_open_only_in_its_schedule() -> None:
    rules = compiled(gives("tuesdays", TAILORED, schedule={"weekdays": ["tue"]}))
    tuesday = NOON + timedelta(days=6)

    assert held_at(rules, member(), NOON) == frozenset()
    assert held_at(rules, member(), tuesday) == {("tailored-service", None, None)}
    assert datetime(2026, 11, 24, tzinfo=UTC) in turns_of(rules, NOON).instants


def test_a_decision_with_rights_is_replayed_to_the_same_bytes() -> None:
    text = decision_text(evaluate(LADDER, asked(LADDER, member("gold"), country="US")))

    assert decision_text(replay(text, LADDER)) == text
    assert '"entitlements":[{"kind":"service-response"' in text


def test_a_decision_without_rights_does_not_speak_of_them() -> None:
    assert "entitlements" not in decision_text(evaluate(compiled(), asked(compiled(), member())))


@pytest.mark.parametrize(
    ("effect", "code", "pointer"),
    [
        ({"kind": "free-lunch"}, "rule-unknown-value", "/effects/0/kind"),
        ({}, "rule-missing-field", "/effects/0"),
        ({"kind": "free-returns"}, "rule-missing-field", "/effects/0"),
        ({"kind": "free-returns", "days": 0}, "rule-value-out-of-range", "/effects/0/days"),
        ({"kind": "free-returns", "days": "60"}, "rule-wrong-type", "/effects/0/days"),
        ({"kind": "free-returns", "hours": 4}, "rule-unknown-field", "/effects/0/hours"),
        ({"kind": "delivery-class", "class": "warp"}, "rule-unknown-value", "/effects/0/class"),
        ({"kind": "service-response", "hours": 0}, "rule-value-out-of-range", "/effects/0/hours"),
        ({"kind": "event-access"}, "rule-missing-field", "/effects/0"),
    ],
)
def test_a_right_that_is_none_is_refused_by_name(
    effect: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(RuleRefused) as refused:
        read_rule(gives("wrong", {"effect": "entitlement", **effect}))

    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_a_voucher_gives_no_right() -> None:
    with pytest.raises(RuleRefused) as refused:
        read_rule(gives("coupon", TAILORED, voucher="birthday"))

    assert refused.value.code == "rule-effect-without-target"


class Nothing:
    """Stands for a cart that nobody may look at."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


@pytest.mark.parametrize("name", sorted(FACTS.keys() - CART_FACTS))
def test_the_facts_of_a_member_are_read_without_a_cart(name: str) -> None:
    without = READERS[name](Scene(cast("Cart", Nothing()), member(), ()))

    assert without == READERS[name](Scene(Cart("USD", (line(),)), member(), ()))


EVERY = (
    ({"kind": "service-response", "hours": 24}, "Answers within 24 hours", "24 小时内答复"),
    (
        {"kind": "service-response", "hours": 1, "issue": "refund"},
        "Answers about refunds within 1 hour",
        "退款问题1 小时内答复",
    ),
    ({"kind": "delivery-class", "class": "next-day"}, "Next-day delivery", "次日达配送"),
    ({"kind": "event-access", "event": "tasting"}, "A place at tasting", "可参加tasting"),
    ({"kind": "free-returns", "days": 60}, "Free returns within 60 days", "60 天内免费退货"),
    (
        {"kind": "early-access", "hours": 48},
        "New products 48 hours before everybody else",
        "新品提前48 小时购买",
    ),
    ({"kind": "tailored-service"}, "Tailor-made service", "专属定制服务"),
)


@pytest.mark.parametrize(("effect", "english", "chinese"), EVERY)
def test_a_right_is_told_in_both_languages(
    effect: dict[str, Any], english: str, chinese: str
) -> None:
    rule = gives("right", {"effect": "entitlement", **effect})
    right = rights_of(compiled(rule), member(), NOON).held[0]

    assert rule_sentence(rule) == f"{english}."
    assert rule_sentence(rule, language="zh") == f"{chinese}。"
    assert entitlement_phrase(right, language="zh") == chinese


def test_every_kind_is_told_and_has_its_shape() -> None:
    shapes = rule_schema()["$defs"]["RuleEffect"]["oneOf"]
    kinds = {s["properties"]["kind"]["const"] for s in shapes if "kind" in s["properties"]}

    assert {effect["kind"] for effect, _, _ in EVERY} == ENTITLEMENTS.keys() == kinds


hours = st.integers(1, 72)
rights = st.one_of(
    st.builds(lambda n: SERVICE | {"hours": n}, hours),
    st.builds(
        lambda n, issue: SERVICE | {"hours": n, "issue": issue},
        hours,
        st.sampled_from(["refund", "delivery"]),
    ),
    st.builds(lambda n: RETURNS | {"days": n}, st.integers(1, 90)),
    st.just(TAILORED),
)
conditions = st.sampled_from([tier("silver"), tier("gold"), {"fact": "channel", "is": "web"}])
rules = st.lists(st.tuples(rights, conditions, st.integers(0, 3)), min_size=1, max_size=8)


@unhurried
@given(rules, st.sampled_from(TIERS))
def test_no_rule_gives_more_than_what_is_held(
    drawn: list[tuple[dict[str, Any], dict[str, Any], int]], stands: str
) -> None:
    rule_set = compiled(
        *(
            gives(f"rule-{i}", effect, when=when, priority=priority)
            for i, (effect, when, priority) in enumerate(drawn)
        )
    )
    alone = rights_of(rule_set, member(stands), NOON).held
    decision = evaluate(rule_set, asked(rule_set, member(stands), channel="web"))

    held = {(r.kind, r.subject): r.value for r in decision.entitlements}
    assert len(held) == len(decision.entitlements)
    for effect, when, _ in drawn:
        met = "channel" in str(when) or TIERS.index(stands) >= TIERS.index(when["at-least"])
        if not met:
            continue
        kind, issue = effect["kind"], effect.get("issue")
        best = [held[key] for key in {(kind, issue), (kind, None)} if key in held]
        assert best
        if kind == "service-response":
            assert min(cast("list[int]", best)) <= effect["hours"]
        if kind == "free-returns":
            assert max(cast("list[int]", best)) >= effect["days"]
    assert {right.right for right in alone} == held_at(rule_set, member(stands), NOON)
