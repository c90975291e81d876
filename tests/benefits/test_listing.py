"""Lists of products are priced by what holds for single units in every cart."""

from typing import Any

import pytest

from benefits import Facts, Group, Question, evaluate, unit_rules
from tests.benefits.builders import NOON, cart, compiled, line

Json = dict[str, Any]
MEMBER: Json = {"when": {"fact": "member", "is": True}}
GOLD = Facts(member=True, tier="gold", member_class="consumer")

DRINKS: Json = {"fact": "category", "is": "DRINKS"}
PERCENT: Json = {"effect": "percent-off", "target": "lines"}
AMOUNT: Json = {"effect": "amount-off", "target": "lines", "amount": 100}
COUNTED: dict[str, Json] = {
    "an exclusive price": {"effect": "exclusive-price", "percent": 10, "where": DRINKS},
    "a percentage off each line": {**PERCENT, "percent": 10},
    "an amount off each unit": {**AMOUNT, "each": "unit"},
    "a rate": {"effect": "earn", "points": 1, "per": 100},
    "points for each unit": {"effect": "earn", "points": 5, "each": "unit"},
}
LEFT_OUT: dict[str, Json] = {
    "a percentage off the order": {**PERCENT, "percent": 10, "target": "order"},
    "an amount that lines share": AMOUNT,
    "a cap that lines share": {**PERCENT, "percent": 10, "cap": 50},
    "only the cheapest": {**PERCENT, "percent": 10, "units": 1, "pick": "cheapest"},
    "steps": {**PERCENT, "steps": [{"from": 100, "percent": 10}]},
    "every second": {"effect": "nth-unit", "nth": 2, "percent": 50},
    "free shipping": {"effect": "free-shipping"},
    "points for the order": {"effect": "earn", "points": 5, "each": "order"},
    "a bonus": {"effect": "earn", "bonus": 50},
    "a gift": {"effect": "gift", "sku": "MUG"},
    "a right": {"effect": "entitlement", "kind": "tailored-service"},
}
CONDITIONS: dict[str, tuple[Json, bool]] = {
    "the tier": ({"fact": "tier", "at-least": "gold"}, True),
    "the channel": ({"fact": "channel", "is": "web"}, True),
    "no other channel": ({"not": {"fact": "channel", "is": "app"}}, True),
    "another tier": ({"fact": "tier", "is": "diamond"}, False),
    "the subtotal": ({"fact": "subtotal", "at-least": 1}, False),
    "no subtotal": ({"not": {"fact": "subtotal", "at-least": 10**6}}, False),
    "one of the two": (
        {"any": [{"fact": "tier", "is": "gold"}, {"fact": "quantity", "at-least": 2}]},
        False,
    ),
    "a code": ({"fact": "voucher-codes", "has": "TEN"}, False),
}


def applied(*rules: Json, groups: tuple[Group, ...] = ()) -> dict[str, int]:
    """Return the rules that have a part in the price or the points of one unit."""
    rule_set = unit_rules(compiled(*rules, groups=groups))
    question = Question(cart(line("1", 1_000), channel="web"), NOON, GOLD)
    return {each.rule: each.amount for each in evaluate(rule_set, question).applied}


@pytest.mark.parametrize("what", [*COUNTED, *LEFT_OUT])
def test_only_what_works_on_each_unit_by_itself_counts(what: str) -> None:
    effect = COUNTED.get(what) or LEFT_OUT[what]

    alone = applied({"rule": "one", "effects": [effect], **MEMBER})
    beside = applied({"rule": "one", "effects": [effect, COUNTED["a rate"]], **MEMBER})

    assert bool(alone) == (what in COUNTED)
    assert bool(beside)


@pytest.mark.parametrize("what", CONDITIONS)
def test_a_rule_that_asks_about_the_cart_is_left_out(what: str) -> None:
    when, counts = CONDITIONS[what]
    rule = {"rule": "one", "when": when, "effects": [COUNTED["a percentage off each line"]]}

    assert applied(rule) == ({"one": 100} if counts else {})


def test_a_voucher_s_rule_and_one_about_an_event_are_left_out() -> None:
    effect = [COUNTED["a percentage off each line"]]
    of_voucher = {"rule": "ten", "voucher": "ten", "effects": effect}
    of_event = {"rule": "review", "on": "review", "effects": [LEFT_OUT["a bonus"]]}

    assert applied(of_voucher, of_event) == {}


def test_groups_priorities_and_exclusive_rules_hold_as_in_a_cart() -> None:
    ten, five = (
        {"rule": name, "group": "lane", "effects": [{**PERCENT, "percent": percent}]}
        for name, percent in (("ten", 10), ("five", 5))
    )
    alone = {"rule": "alone", "exclusive": True, "effects": [COUNTED["an exclusive price"]]}

    assert applied(five, ten, groups=(Group("lane", "best"),)) == {"ten": 100}
    assert applied(five, ten, groups=(Group("lane", "all"),)) == {"five": 50, "ten": 95}
    assert applied(five, alone, groups=(Group("lane", "all"),)) == {"alone": 100}


def test_the_rules_of_units_are_made_once_for_a_rule_set() -> None:
    rule_set = compiled({"rule": "one", "effects": [COUNTED["a rate"]]})

    assert unit_rules(rule_set) is unit_rules(rule_set)
    assert len(unit_rules(rule_set).rules) == len(rule_set.rules)
