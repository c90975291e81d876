"""Cost grows with candidates, not with all rules. Figures are `make bench`'s; here is the shape."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from benefits import Question, RuleSet, evaluate
from tests.benefits.builders import asked, cart, compiled, line, member

LIVE: list[dict[str, Any]] = [
    {
        "rule": "card-price",
        "when": {"fact": "member", "is": True},
        "effects": [{"effect": "exclusive-price", "line_price": True}],
    },
    {
        "rule": "gold-free-shipping",
        "when": {"fact": "tier", "at-least": "gold"},
        "effects": [{"effect": "free-shipping"}],
    },
    {
        "rule": "spend-50",
        "when": {"fact": "subtotal", "at-least": 5000},
        "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
    },
    {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]},
]
CART = cart(
    *(
        line(str(n), 1000 + 37 * n, sku=f"SKU-{n}", category=f"C-{n % 5}", member_amount=900)
        for n in range(20)
    ),
    channel="web",
    shipping_method="standard",
    shipping_price=590,
)


def strangers(number: int) -> list[dict[str, Any]]:
    """Return rules of other SKUs, categories, tiers and channels."""
    conditions: list[Callable[[int], dict[str, Any]]] = [
        lambda n: {"fact": "quantity", "at-least": 1, "where": {"fact": "sku", "is": f"X-{n}"}},
        lambda n: {"fact": "subtotal", "is": 1, "where": {"fact": "category", "is": f"Y-{n}"}},
        lambda n: {"all": [{"fact": "tier", "is": "diamond"}, {"fact": "order-count", "is": n}]},
        lambda n: {"fact": "channel", "is": f"Z-{n}"},
    ]
    return [
        {
            "rule": f"stranger-{n}",
            "when": conditions[n % 4](n),
            "effects": [{"effect": "percent-off", "percent": 5, "target": "order"}],
        }
        for n in range(number)
    ]


def steps(rule_set: RuleSet, question: Question) -> int:
    """Return how many lines of Python an evaluation runs: what it costs, on whatever machine."""
    ran = 0

    def count(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal ran
        ran += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        evaluate(rule_set, question)
    finally:
        sys.settrace(before)
    return ran


def test_only_candidates_are_looked_at() -> None:
    question = asked(CART, member("gold"))

    for number in (6, 996):
        rule_set = compiled(*LIVE, *strangers(number))
        assert len(rule_set.index.admitted(question)) == len(LIVE)


def test_a_thousand_rules_cost_what_ten_cost() -> None:
    question = asked(CART, member("gold"))
    few, many = compiled(*LIVE, *strangers(6)), compiled(*LIVE, *strangers(996))
    for each in (few, many):
        evaluate(each, question)  # what is worked out once and kept has been

    assert 1_000 < steps(few, question) == steps(many, question)


def test_twenty_lines(benchmark: Any) -> None:
    rule_set = compiled(*LIVE, *strangers(996))
    question = asked(CART, member("gold"))

    decision = benchmark(evaluate, rule_set, question)

    assert decision.totals.payable == sum(each.total for each in decision.lines)
