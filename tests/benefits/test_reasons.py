"""Reasons: what was seen, what was wanted, what would help, and nothing that nobody asked for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from benefits import (
    Facts,
    NotApplied,
    PresentedVoucher,
    Unlock,
    evaluate,
    reason_sentence,
    rule_sentence,
    unlock_sentence,
)
from benefits.language.nodes import (
    DELIVERY_CLASSES,
    ENTITLEMENTS,
    FACTS,
    LINE_FACTS,
    OPERATORS,
    SUBTOTAL_STEPS,
    WINDOWS,
    FactType,
)
from benefits.language.words import (
    CLASS_WORDS,
    ENTITLEMENT_WORDS,
    FACT_WORDS,
    NOT_WORDS,
    OPERATOR_WORDS,
    STEP_WORDS,
    UNLOCK_WORDS,
    WINDOW_WORDS,
)
from tests.benefits.builders import NOON, asked, cart, compiled, line, member

FREE = {"rule": "free", "effects": [{"effect": "free-shipping"}]}


def reason_of(document: dict[str, Any], question: Any = None) -> NotApplied:
    """Return why one rule gave nothing."""
    (reason,) = evaluate(compiled(document), question or asked()).not_applied
    return reason


def test_a_missing_amount_is_measured() -> None:
    when = {"fact": "subtotal", "at-least": 5000}

    reason = reason_of({**FREE, "when": when}, asked(cart(line(regular=798))))

    assert reason == NotApplied(
        "condition-not-met",
        "free",
        1,
        "subtotal",
        "at-least",
        798,
        5000,
        Unlock("spend-more", {"gap": 4202}),
    )


def test_the_next_tier_that_helps_is_named() -> None:
    when = {"fact": "tier", "in": ["diamond", "gold"]}

    reason = reason_of({**FREE, "when": when, "tell": True})

    assert (reason.seen, reason.wanted) == ("standard", ("diamond", "gold"))
    assert reason.unlock == Unlock("reach-tier", {"tier": "gold"})


def test_a_tier_that_was_passed_cannot_be_reached() -> None:
    when = {"fact": "tier", "is": "silver"}

    reason = reason_of({**FREE, "when": when, "tell": True}, asked(facts=member("gold")))

    assert reason.unlock is None


def test_of_alternatives_the_nearest_is_told() -> None:
    when = {
        "any": [
            {"all": [{"fact": "tier", "is": "gold"}, {"fact": "first-order", "is": True}]},
            {"fact": "subtotal", "at-least": 5000},
            {"fact": "quantity", "at-least": 2},
        ]
    }

    reason = reason_of({**FREE, "when": when})

    assert (reason.fact, reason.unlock) == ("quantity", Unlock("buy-more", {"gap": 1}))


def test_a_not_that_holds_is_an_exclusion() -> None:
    when = {"not": {"fact": "tags", "has": "staff"}}

    reason = reason_of({**FREE, "when": when}, asked(facts=member(tags=("staff",))))

    assert (reason.code, reason.fact, reason.seen) == ("condition-excluded", "tags", ("staff",))


def test_not_of_a_fact_that_is_unknown_holds() -> None:
    """A guest is not gold."""
    rule = {**FREE, "when": {"not": {"fact": "tier", "is": "gold"}}}
    question = asked(cart(shipping_method="standard", shipping_price=500), Facts())

    assert evaluate(compiled(rule), question).shipping.total == 0


def test_a_rule_that_is_no_candidate_is_silent_unless_it_is_worth_telling() -> None:
    when = {"fact": "tier", "is": "gold"}

    silent = evaluate(compiled({**FREE, "when": when}), asked())
    told = evaluate(compiled({**FREE, "when": when, "tell": True}), asked())

    assert silent.not_applied == ()
    assert [reason.rule for reason in told.not_applied] == ["free"]


def test_what_misses_two_conditions_is_not_told() -> None:
    when = {"all": [{"fact": "tier", "is": "gold"}, {"fact": "subtotal", "at-least": 5000}]}

    assert evaluate(compiled({**FREE, "when": when, "tell": True}), asked()).not_applied == ()


def test_what_misses_a_condition_and_its_time_is_not_told() -> None:
    rule = {
        **FREE,
        "when": {"fact": "tier", "is": "gold"},
        "schedule": {"from": (NOON + timedelta(days=2)).isoformat()},
        "tell": True,
    }

    assert evaluate(compiled(rule), asked()).not_applied == ()


def test_at_most_ten_are_told_by_priority() -> None:
    rules = [
        {
            **FREE,
            "rule": f"rule-{number:02}",
            "when": {"fact": "channel", "is": "web"},
            "priority": number,
            "tell": True,
        }
        for number in range(12)
    ]

    decision = evaluate(compiled(*rules), asked(cart(channel="phone")))

    assert [reason.rule for reason in decision.not_applied] == [
        f"rule-{number:02}" for number in range(11, 1, -1)
    ]


def test_what_is_told_stands_nearest_first() -> None:
    rules = [
        {**FREE, "rule": tier, "when": {"fact": "tier", "is": tier}, "tell": True}
        for tier in ("diamond", "gold", "silver")
    ]

    decision = evaluate(compiled(*rules), asked())

    assert [reason.rule for reason in decision.not_applied] == ["silver", "gold", "diamond"]


def test_what_would_give_nothing_for_this_cart_is_not_told() -> None:
    rule = {
        "rule": "cola",
        "when": {"fact": "tier", "is": "gold"},
        "effects": [
            {
                "effect": "percent-off",
                "percent": 10,
                "target": "lines",
                "where": {"fact": "sku", "is": "COLA"},
            }
        ],
        "tell": True,
    }

    assert evaluate(compiled(rule), asked()).not_applied == ()
    assert len(evaluate(compiled(rule), asked(cart(line(sku="COLA")))).not_applied) == 1


def test_a_rule_before_its_time_says_when() -> None:
    opens = (NOON + timedelta(days=2)).isoformat()

    reason = reason_of({**FREE, "schedule": {"from": opens}, "tell": True})

    assert (reason.code, reason.fact, reason.wanted) == ("outside-schedule", "from", opens)
    assert reason.unlock == Unlock("wait-until", {"at": opens})


def test_a_voucher_that_is_missing_is_told() -> None:
    reason = reason_of({**FREE, "voucher": "ship", "tell": True})

    assert (reason.fact, reason.wanted) == ("voucher", "ship")
    assert reason.unlock == Unlock("present-voucher", {"definition": "ship"})


def test_every_presented_voucher_is_answered() -> None:
    vouchers = (
        PresentedVoucher("EXPIRED", refusal="voucher-expired", definition="ship"),
        PresentedVoucher("NOTHING", definition="unheard-of"),
        PresentedVoucher("SPRING", refusal="voucher-not-found"),
        PresentedVoucher("WRONG", refusal="voucher-not-found"),
    )
    spring = {
        "rule": "spring",
        "when": {"fact": "voucher-codes", "has": "SPRING"},
        "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
    }

    decision = evaluate(compiled(spring), replace(asked(), vouchers=vouchers))

    assert [(reason.voucher_code, reason.code) for reason in decision.not_applied] == [
        ("EXPIRED", "voucher-expired"),
        ("NOTHING", "no-effect"),
        ("WRONG", "voucher-not-found"),
    ]
    assert decision.totals.discount == 100


def test_every_fact_operator_step_and_unlock_has_words() -> None:
    facts = {*FACTS, *LINE_FACTS}
    operators = {field.name for fields in OPERATORS.values() for field in fields} - {"within"}
    unlocks = {fact.unlock for fact in FACTS.values() if fact.unlock is not None}

    assert facts <= FACT_WORDS.keys()
    assert {name for name in FACTS if FACTS[name].type is FactType.BOOLEAN} == NOT_WORDS.keys()
    assert operators == OPERATOR_WORDS.keys()
    assert set(SUBTOTAL_STEPS) == STEP_WORDS.keys()
    assert set(WINDOWS) == WINDOW_WORDS.keys()
    assert unlocks <= UNLOCK_WORDS.keys()
    assert ENTITLEMENTS.keys() == ENTITLEMENT_WORDS.keys()
    assert set(DELIVERY_CLASSES) == CLASS_WORDS.keys()


def money(minor: int) -> str:
    """Spell dollars."""
    return f"${minor // 100}.{minor % 100:02}"


def test_a_rule_is_one_plain_sentence_in_both_languages() -> None:
    rule = {
        "rule": "gold-bread",
        "when": {
            "all": [
                {"fact": "tier", "at-least": "gold"},
                {"fact": "subtotal", "at-least": 5000},
            ]
        },
        "schedule": {"weekdays": ["tue"], "hours": {"from": "09:00", "to": "17:00"}},
        "effects": [
            {
                "effect": "percent-off",
                "percent": "12.5",
                "target": "lines",
                "where": {"fact": "category", "is": "BREAD"},
                "cap": 1000,
            },
            {"effect": "earn", "multiplier": "1.5"},
        ],
        "exclusive": True,
    }

    english = rule_sentence(
        rule, money=money, names={"tier:gold": "Gold", "category:BREAD": "bread"}
    )
    chinese = rule_sentence(rule, language="zh", money=money, names={"tier:gold": "金卡"})

    assert english == (
        "12.5% off lines where the category is bread (at most $10.00), and 1.5 times the points"
        " when the tier is at least Gold and the subtotal is at least $50.00, and it is Tuesday,"
        " and it is between 09:00 and 17:00. Not combined with others."
    )
    assert chinese == (
        "当等级不低于金卡且商品小计不低于$50.00，且为周二，且在09:00至17:00之间时："
        "品类为BREAD的商品减12.5%（最多$10.00），并1.5倍积分。不与其他优惠同享。"
    )


def test_a_tier_and_a_shipping_method_of_one_code_keep_their_names() -> None:
    rule = {
        "rule": "standard",
        "when": {"fact": "tier", "is": "standard"},
        "effects": [{"effect": "free-shipping", "methods": ["standard"]}],
        "voucher": "birthday",
    }
    names = {"tier:standard": "普通会员", "voucher:birthday": "生日券"}

    assert rule_sentence(rule, language="zh", names=names) == (
        "当使用优惠券 生日券，且等级为普通会员时：免运费（standard）。"
    )


def test_a_reason_is_one_plain_sentence_in_both_languages() -> None:
    reason = reason_of({**FREE, "when": {"fact": "subtotal", "at-least": 5000}})
    assert reason.unlock is not None

    assert reason_sentence(reason, money=money) == (
        "Needed: the subtotal is at least $50.00; now it is $10.00."
    )
    assert unlock_sentence(reason.unlock, money=money) == "Add $40.00 more."
    assert reason_sentence(reason, language="zh-CN", money=money) == (
        "需商品小计不低于$50.00，现为$10.00。"
    )
    assert unlock_sentence(reason.unlock, language="zh", money=money) == "再买$40.00即可。"
