"""What a plan saved: the cart without its rules costs so much more, and nobody else moves."""

from dataclasses import replace

import pytest

from benefits import decision_text, evaluate, replay
from tests.benefits.builders import asked, cart, compiled, line, member

SHIPS_FREE = {
    "rule": "plan-ships-free",
    "when": {"fact": "plan", "is": "plus"},
    "effects": [{"effect": "free-shipping"}],
}
TENTH_OFF = {
    "rule": "plan-tenth-off",
    "when": {"all": [{"fact": "plan-state", "is": "active"}, {"fact": "subtotal", "at-least": 1}]},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
}
FOR_ALL = {
    "rule": "twentieth-off",
    "when": {"fact": "member", "is": True},
    "effects": [{"effect": "percent-off", "percent": 5, "target": "order"}],
}
FOR_OTHERS = {
    "rule": "join-us",
    "when": {"not": {"fact": "plan", "is": "plus"}},
    "effects": [{"effect": "amount-off", "amount": 1, "target": "order"}],
}
CART = cart(line(regular=10_000), shipping_method="standard", shipping_price=590)
PLUS = member(plan="plus", plan_state="active", days_since_plan=3)


@pytest.mark.parametrize(
    ("rules", "saved"),
    [
        ([SHIPS_FREE], 590),
        ([TENTH_OFF], 1_000),
        ([SHIPS_FREE, TENTH_OFF, FOR_OTHERS], 1_590),
        ([FOR_ALL], 0),
        ([FOR_OTHERS], 0),
    ],
)
def test_saved_is_what_the_cart_costs_more_without_the_rules_of_the_plan(
    rules: list[dict[str, object]], saved: int
) -> None:
    decision = evaluate(compiled(*rules), asked(CART, PLUS))

    assert decision.saved == saved


def test_what_others_would_get_anyway_was_not_saved() -> None:
    exclusive = {**TENTH_OFF, "exclusive": True}
    rules = compiled(exclusive, FOR_ALL)

    decision = evaluate(rules, asked(CART, PLUS))

    assert decision.totals.payable == 9_000 + 590
    assert decision.saved == 500


def test_a_decision_says_what_was_saved_only_where_something_was() -> None:
    rules = compiled(SHIPS_FREE, TENTH_OFF)
    with_plan = evaluate(rules, asked(CART, PLUS))
    without = evaluate(rules, asked(CART, replace(PLUS, plan=None, plan_state=None)))

    assert '"saved":1590' in decision_text(with_plan)
    assert "saved" not in decision_text(without)
    assert decision_text(replay(decision_text(with_plan), rules)) == decision_text(with_plan)
