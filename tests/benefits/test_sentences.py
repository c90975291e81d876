"""Every node of the language in words, in both languages."""

from typing import Any

import pytest

from benefits import NotApplied, reason_sentence, rule_sentence
from benefits.language.effect_nodes import EFFECTS

BREAD = {"fact": "category", "in": ["BREAD", "PASTRY"]}
FREE = {"effect": "free-shipping"}


def said(language: str, effect: dict[str, Any], **more: Any) -> str:
    """Return the sentence of a rule with one effect."""
    return rule_sentence({"rule": "one", "effects": [effect], **more}, language=language)


@pytest.mark.parametrize(
    ("effect", "english", "chinese"),
    [
        (FREE, "Free shipping.", "免运费。"),
        (
            {"effect": "exclusive-price", "price_list": "club"},
            "Prices of the list club on all lines.",
            "全部商品享价目表 club 的价格。",
        ),
        (
            {"effect": "exclusive-price", "percent": 15, "where": BREAD},
            "A price 15% below regular on lines where the category is one of BREAD or PASTRY.",
            "品类为其中之一：BREAD、PASTRY的商品会员价低于原价15%。",
        ),
        (
            {"effect": "percent-off", "percent": "0.05", "target": "shipping"},
            "0.05% off shipping.",
            "运费减0.05%。",
        ),
        (
            {"effect": "amount-off", "amount": 50, "target": "lines", "each": "unit"},
            "50 off all lines each.",
            "全部商品（每件）减50。",
        ),
        (
            {"effect": "percent-off", "percent": 10, "target": "order", "where": BREAD},
            "10% off the part of the order where the category is one of BREAD or PASTRY.",
            "订单中品类为其中之一：BREAD、PASTRY的部分减10%。",
        ),
        (
            {"effect": "amount-off", "amount": 50, "target": "order", "cap": 40},
            "50 off the order (at most 40).",
            "整单减50（最多40）。",
        ),
        ({"effect": "earn", "points": 1, "per": 100}, "1 point per 100.", "每100得1积分。"),
        (
            {"effect": "earn", "bonus": 50, "where": {"fact": "sku", "is": "TEA"}},
            "50 bonus points on lines where the SKU is TEA.",
            "加赠50积分（SKU为TEA的商品）。",
        ),
    ],
)
def test_an_effect_in_words(effect: dict[str, Any], english: str, chinese: str) -> None:
    assert said("en", effect) == english
    assert said("zh", effect) == chinese


OFF = {"effect": "amount-off", "target": "lines"}
STEPS = [{"from": 200, "amount": 20}, {"from": 400, "amount": 50}]


@pytest.mark.parametrize(
    ("effect", "english", "chinese"),
    [
        (
            {"effect": "percent-off", "percent": 50, "target": "lines", "pick": "cheapest"},
            "50% off the cheapest unit of all lines.",
            "全部商品中最便宜的1件减50%。",
        ),
        (
            {**OFF, "amount": 5, "each": "unit", "pick": "dearest", "units": 3, "cap": 9},
            "5 off the 3 dearest units of all lines each (at most 9).",
            "全部商品中最贵的3件（每件）减5（最多9）。",
        ),
        (
            {**OFF, "amount": 5, "units": 1, "where": BREAD},
            "5 off at most 1 unit of lines where the category is one of BREAD or PASTRY.",
            "品类为其中之一：BREAD、PASTRY的商品中最多1件减5。",
        ),
        (
            {**OFF, "target": "order", "steps": STEPS},
            "20 off the order from 200, 50 from 400.",
            "整单满200减20，满400减50。",
        ),
        (
            {"effect": "percent-off", "target": "shipping", "steps": [{"from": 9, "percent": 5}]},
            "5% off shipping from 9.",
            "运费满9减5%。",
        ),
        (
            {**OFF, "target": "order", "amount": 40, "every": 300, "times": 1},
            "40 off the order for every 300 (once).",
            "整单每满300减40（限1次）。",
        ),
        (
            {"effect": "bundle", "units": 3, "price": 10, "times": 2},
            "3 units of all lines for 10 (at most 2 times).",
            "全部商品任选3件共10（最多2次）。",
        ),
        (
            {"effect": "nth-unit", "nth": 2, "percent": 50},
            "50% off every 2nd unit of all lines, the cheapest.",
            "全部商品每2件中最便宜的1件减50%。",
        ),
        (
            {"effect": "nth-unit", "nth": 12, "percent": "12.5", "cap": 9},
            "12.5% off every 12th unit of all lines, the cheapest (at most 9).",
            "全部商品每12件中最便宜的1件减12.5%（最多9）。",
        ),
        (
            {"effect": "buy-get", "buy": 2, "get": 1},
            "For 2 units of all lines 1 more free.",
            "全部商品买2件送1件。",
        ),
        (
            {"effect": "buy-get", "buy": 1, "get": 1, "percent": 30, "where": BREAD},
            "For 1 unit of lines where the category is one of BREAD or PASTRY 1 more at 30% off.",
            "品类为其中之一：BREAD、PASTRY的商品买1件，另1件减30%。",
        ),
        (
            {"effect": "buy-get", "buy": 1, "get": 2, "get_where": {"fact": "sku", "is": "TEA"}},
            "For 1 unit of all lines 2 units of lines where the SKU is TEA free.",
            "全部商品买1件，SKU为TEA的商品2件免费。",
        ),
        (
            {"effect": "gift", "sku": "TOTE", "quantity": 2, "choose": ["MUG"]},
            "2 units of TOTE as a gift (or MUG).",
            "赠送TOTE 2件（可换MUG）。",
        ),
        (
            {"effect": "voucher", "definition": "five-off"},
            "A voucher five-off for a later order.",
            "赠优惠券 five-off 1张（下次可用）。",
        ),
    ],
)
def test_an_offer_in_words(effect: dict[str, Any], english: str, chinese: str) -> None:
    assert said("en", effect) == english
    assert said("zh", effect) == chinese


def test_every_effect_has_a_phrase_here() -> None:
    shown = {
        mark.args[1][position][0]["effect"]
        for test in (test_an_effect_in_words, test_an_offer_in_words)
        for mark in test.pytestmark
        for position in range(len(mark.args[1]))
    }

    assert shown | {"entitlement"} == EFFECTS.keys()


def test_a_voucher_s_own_value_in_words() -> None:
    effect = {"effect": "amount-off", "amount_of": "voucher", "target": "order"}

    assert said("en", effect, voucher="coupon") == (
        "The voucher's value off the order when a voucher coupon is used."
    )
    assert said("zh", effect, voucher="coupon") == "当使用优惠券 coupon时：整单减券面金额。"


@pytest.mark.parametrize(
    ("when", "english", "chinese"),
    [
        ({"fact": "first-order", "is": True}, "this is the first order", "为首单"),
        ({"fact": "first-order", "is": False}, "this is not the first order", "不是首单"),
        ({"fact": "member", "is": False}, "the customer is not a member", "顾客不是会员"),
        (
            {"not": {"fact": "tags", "has-all": ["a", "b"]}},
            "not (the tags include all of a and b)",
            "非（标签同时含a、b）",
        ),
        ({"fact": "birthday", "within": "month"}, "it is the month of the birthday", "为生日当月"),
        (
            {"fact": "quantity", "at-least": 3, "where": {"fact": "sku", "is": "TEA"}},
            "the quantity of lines where the SKU is TEA is at least 3",
            "（SKU为TEA）的件数不低于3",
        ),
        (
            {"fact": "subtotal", "at-most": 99, "step": "regular"},
            "the subtotal at regular prices is at most 99",
            "按原价的商品小计不超过99",
        ),
        (
            {
                "any": [
                    {"fact": "channel", "is": "web"},
                    {"all": [{"fact": "channel", "is": "app"}, {"fact": "country", "is": "US"}]},
                ]
            },
            "the channel is web or (the channel is app and the country is US)",
            "渠道为web或（渠道为app且国家或地区为US）",
        ),
    ],
)
def test_a_condition_in_words(when: dict[str, Any], english: str, chinese: str) -> None:
    assert said("en", FREE, when=when) == f"Free shipping when {english}."
    assert said("zh", FREE, when=when) == f"当{chinese}时：免运费。"


def test_a_schedule_in_words() -> None:
    schedule = {
        "from": "2026-11-01T00:00:00+01:00",
        "to": "2026-12-01T00:00:00+01:00",
        "days": [1, 15],
        "member_days": [
            {"every": "month", "day": 1},
            {"every": "year", "month": 11, "day": 15},
        ],
    }

    assert said("en", FREE, schedule=schedule) == (
        "Free shipping when it is 2026-11-01 00:00+01:00 or later, and it is before"
        " 2026-12-01 00:00+01:00, and it is day 1 or 15 of the month, and it is a member day"
        " (day 1 of every month or day 15 of month 11 every year)."
    )
    assert said("zh", FREE, schedule=schedule) == (
        "当自2026-11-01 00:00+01:00起，且在2026-12-01 00:00+01:00之前，且为每月1、15日，"
        "且为会员日（每月1日或每年11月15日）时：免运费。"
    )


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        (
            NotApplied("outside-schedule", "r", 1, fact="weekdays"),
            "Not on this weekday.",
            "今天不在适用的星期。",
        ),
        (
            NotApplied("lost-to", "r", 1, other="better"),
            "Another rule of its group gives more: better.",
            "同组规则更优惠：better。",
        ),
        (
            NotApplied("condition-not-met", "r", 1, "tier", "at-least", None, "gold"),
            "Needed: the tier is at least gold; now it is none.",
            "需等级不低于gold，现为无。",
        ),
        (
            NotApplied("condition-excluded", "r", 1, "tags", "has", ("staff",), "staff"),
            "The tags include staff, which is excluded.",
            "标签含staff，不适用。",
        ),
        (
            NotApplied("condition-excluded", "r", 1, "member", "is", seen=True, wanted=True),
            "Not available where the customer is a member.",
            "顾客是会员时不适用。",
        ),
        (
            NotApplied("condition-not-met", "r", 1, "first-order", "is", seen=False, wanted=True),
            "This is not the first order.",
            "不是首单。",
        ),
        (
            NotApplied("condition-not-met", "r", 1, "first-order", "is", seen=True, wanted=False),
            "Not available where this is the first order.",
            "为首单时不适用。",
        ),
        (
            NotApplied("condition-excluded", "r", 1, "member", "is", seen=False, wanted=False),
            "The customer is not a member.",
            "顾客不是会员。",
        ),
        (
            NotApplied("condition-not-met", "r", 1, "first-order", "is", seen=None, wanted=True),
            "It is not known whether this is the first order.",
            "无法确定是否为首单。",
        ),
        (
            NotApplied("condition-not-met", "r", 1, "birthday", "within", (), "week"),
            "The birthday window is not open.",
            "不在生日期间。",
        ),
        (
            NotApplied("condition-not-met", "r", 1, "voucher", "is", None, "ship"),
            "Needed: the voucher is ship; now it is none.",
            "需优惠券为ship，现为无。",
        ),
        (
            NotApplied("voucher-expired", voucher_code="X"),
            "The voucher has expired.",
            "该券已过期。",
        ),
    ],
)
def test_a_reason_in_words(reason: NotApplied, english: str, chinese: str) -> None:
    assert reason_sentence(reason) == english
    assert reason_sentence(reason, language="zh") == chinese
