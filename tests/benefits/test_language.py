"""The checker: every wrong rule is refused by name, with the pointer to the node."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import BenefitsError, RuleRefused, Vocabulary
from benefits.language import read_rule
from benefits.language.nodes import EFFECTS, FACTS, LINE_FACTS, RULE, SCHEDULE
from tests.benefits.builders import TIERS

VOCABULARY = Vocabulary(TIERS, ("shipping",), ("club",), ("birthday",))
FULL: dict[str, Any] = {
    "rule": "everything",
    "titles": {"en": "Everything", "zh": "全部"},
    "when": {
        "all": [
            {"fact": "tier", "at-least": "gold"},
            {"any": [{"fact": "first-order", "is": True}, {"fact": "order-count", "at-most": 3}]},
            {"not": {"fact": "tags", "has-any": ["slow", "lost"]}},
            {"fact": "subtotal", "at-least": 5000, "where": {"fact": "category", "is": "BREAD"}},
        ]
    },
    "schedule": {
        "from": "2026-01-01T00:00:00+01:00",
        "to": "2027-01-01T00:00:00+01:00",
        "zone": "Europe/Berlin",
        "weekdays": ["mon", "tue"],
        "hours": {"from": "09:00", "to": "24:00"},
    },
    "effects": [
        {"effect": "free-shipping", "methods": ["standard"], "cap": 1000},
        {"effect": "exclusive-price", "price_list": "club"},
        {"effect": "percent-off", "percent": "12.5", "target": "lines"},
        {"effect": "amount-off", "amount": 100, "target": "order"},
        {"effect": "earn", "points": 1, "per": 100},
    ],
    "group": "shipping",
    "exclusive": False,
    "priority": 10,
    "tell": True,
}


def changed(pointer: str, value: object) -> dict[str, Any]:
    """Return the full rule with one value put in another's place; None takes it away."""
    document = deepcopy(FULL)
    *path, last = pointer.strip("/").split("/")
    node: Any = document
    for name in path:
        node = node[int(name)] if isinstance(node, list) else node[name]
    key: Any = int(last) if isinstance(node, list) else last
    if value is None:
        del node[key]
    else:
        node[key] = value
    return document


def deep(levels: int) -> object:
    """Return a condition nested so deep."""
    node: object = {"fact": "member", "is": True}
    for _ in range(levels - 1):
        node = {"not": node}
    return node


REFUSED: list[tuple[str, object, str, str]] = [
    ("/rule", None, "rule-missing-field", ""),
    ("/rule", "Not A Name", "rule-value-out-of-range", "/rule"),
    ("/rule", 7, "rule-wrong-type", "/rule"),
    ("/whim", 7, "rule-unknown-field", "/whim"),
    ("/titles", {"English": "x"}, "rule-value-out-of-range", "/titles"),
    ("/titles", {"en": 7}, "rule-wrong-type", "/titles/en"),
    ("/when/all/0", {"fact": "mood", "is": "good"}, "rule-unknown-fact", "/when/all/0/fact"),
    ("/when/all/0", {"fact": "sku", "is": "TEA"}, "rule-unknown-fact", "/when/all/0/fact"),
    ("/when/all/0", {"fact": "tier"}, "rule-unknown-operator", "/when/all/0"),
    ("/when/all/0", {"fact": "tier", "is": "gold", "in": ["gold"]}, "rule-unknown-operator", "/when/all/0"),
    ("/when/all/0", {"fact": "tier", "has": "gold"}, "rule-unknown-operator", "/when/all/0/has"),
    ("/when/all/0", {"fact": "tier", "is": "bronze"}, "rule-unknown-tier", "/when/all/0/is"),
    ("/when/all/0", {"fact": "tier", "in": ["gold", "tin"]}, "rule-unknown-tier", "/when/all/0/in/1"),
    ("/when/all/0", {"fact": "tier", "in": []}, "rule-value-out-of-range", "/when/all/0/in"),
    ("/when/all/0", {"fact": "class", "is": "vip"}, "rule-unknown-value", "/when/all/0/is"),
    ("/when/all/0", {"fact": "birthday", "within": "year"}, "rule-unknown-value", "/when/all/0/within"),
    ("/when/all/0", {"fact": "subtotal", "at-least": "50"}, "rule-wrong-type", "/when/all/0/at-least"),
    ("/when/all/0", {"fact": "subtotal", "at-least": 50.5}, "rule-wrong-type", "/when/all/0/at-least"),
    ("/when/all/0", {"fact": "subtotal", "at-least": -1}, "rule-negative-price", "/when/all/0/at-least"),
    ("/when/all/0", {"fact": "quantity", "at-least": -1}, "rule-value-out-of-range", "/when/all/0/at-least"),
    ("/when/all/0", {"fact": "member", "is": 1}, "rule-wrong-type", "/when/all/0/is"),
    ("/when/all/0", {"is": 1}, "rule-missing-field", "/when/all/0"),
    ("/when/all/0", {"all": [], "any": []}, "rule-unknown-field", "/when/all/0/any"),
    ("/when/all", [], "rule-value-out-of-range", "/when/all"),
    ("/when", [], "rule-wrong-type", "/when"),
    ("/when/all/3/where", {"fact": "tier", "is": "gold"}, "rule-unknown-fact", "/when/all/3/where/fact"),
    ("/when/all/3/step", "points", "rule-step-not-reached", "/when/all/3/step"),
    ("/when/all/3/step", "later", "rule-unknown-value", "/when/all/3/step"),
    ("/when", deep(9), "rule-nested-too-deep", "/when" + "/not" * 8),
    ("/when", {"any": [{"fact": "member", "is": True}] * 200}, "rule-too-large", "/when/any/199"),
    ("/schedule", {}, "rule-empty-schedule", "/schedule"),
    ("/schedule/to", "2025-01-01T00:00:00+01:00", "rule-empty-schedule", "/schedule/to"),
    ("/schedule/to", "2026-01-01T00:00:00", "rule-value-out-of-range", "/schedule/to"),
    ("/schedule/to", "tomorrow", "rule-value-out-of-range", "/schedule/to"),
    ("/schedule/zone", "Mars/Olympus", "rule-value-out-of-range", "/schedule/zone"),
    ("/schedule/zone", "Europe", "rule-value-out-of-range", "/schedule/zone"),
    ("/schedule/weekdays", ["monday"], "rule-unknown-value", "/schedule/weekdays/0"),
    ("/schedule/hours", {"from": "9", "to": "10:00"}, "rule-value-out-of-range", "/schedule/hours/from"),
    ("/schedule/hours", {"from": "24:30", "to": "10:00"}, "rule-value-out-of-range", "/schedule/hours/from"),
    ("/schedule/hours", {"from": "09:00"}, "rule-missing-field", "/schedule/hours"),
    ("/schedule/hours", {"from": "09:00", "to": "09:00"}, "rule-empty-schedule", "/schedule/hours"),
    ("/schedule/days", [0], "rule-value-out-of-range", "/schedule/days/0"),
    ("/schedule/member_days", [{"every": "month"}], "rule-missing-field", "/schedule/member_days/0"),
    ("/schedule/member_days", [{"every": "week", "weekday": "mon", "day": 1}], "rule-unknown-field", "/schedule/member_days/0/day"),
    ("/schedule/member_days", [{"every": "year", "month": 2, "day": 30}], "rule-empty-schedule", "/schedule/member_days/0/day"),
    ("/effects", [], "rule-effect-without-target", "/effects"),
    ("/effects", {}, "rule-wrong-type", "/effects"),
    ("/effects/0", {}, "rule-missing-field", "/effects/0"),
    ("/effects/0/effect", "gold-rain", "rule-unknown-effect", "/effects/0/effect"),
    ("/effects/0/cap", 0, "rule-value-out-of-range", "/effects/0/cap"),
    ("/effects/0/methods", [], "rule-value-out-of-range", "/effects/0/methods"),
    ("/effects/1/price_list", "winter", "rule-unknown-reference", "/effects/1/price_list"),
    ("/effects/1", {"effect": "exclusive-price"}, "rule-effect-without-target", "/effects/1"),
    ("/effects/1", {"effect": "exclusive-price", "percent": 10}, "rule-effect-without-target", "/effects/1"),
    ("/effects/1", {"effect": "exclusive-price", "line_price": False}, "rule-effect-without-target", "/effects/1/line_price"),
    ("/effects/1/line_price", True, "rule-unknown-field", "/effects/1/line_price"),
    ("/effects/2/percent", 101, "rule-percent-out-of-range", "/effects/2/percent"),
    ("/effects/2/percent", 0, "rule-percent-out-of-range", "/effects/2/percent"),
    ("/effects/2/percent", -5, "rule-percent-out-of-range", "/effects/2/percent"),
    ("/effects/2/percent", "12.345", "rule-percent-out-of-range", "/effects/2/percent"),
    ("/effects/2/percent", 12.5, "rule-wrong-type", "/effects/2/percent"),
    ("/effects/2/target", None, "rule-effect-without-target", "/effects/2"),
    ("/effects/2/target", "moon", "rule-unknown-value", "/effects/2/target"),
    ("/effects/3/amount", -100, "rule-negative-price", "/effects/3/amount"),
    ("/effects/3/amount", 0, "rule-value-out-of-range", "/effects/3/amount"),
    ("/effects/3/amount", None, "rule-effect-without-target", "/effects/3"),
    ("/effects/3/each", "unit", "rule-effect-without-target", "/effects/3/each"),
    ("/effects/3", {"effect": "amount-off", "amount_of": "voucher", "target": "order"}, "rule-effect-without-target", "/effects/3/amount_of"),
    ("/effects/3", {"effect": "amount-off", "amount": 1, "target": "shipping", "where": {"fact": "sku", "is": "A"}}, "rule-effect-without-target", "/effects/3/where"),
    ("/effects/4", {"effect": "earn"}, "rule-effect-without-target", "/effects/4"),
    ("/effects/4/per", None, "rule-missing-field", "/effects/4"),
    ("/effects/4/points", 0, "rule-value-out-of-range", "/effects/4/points"),
    ("/effects/4", {"effect": "earn", "multiplier": 0}, "rule-value-out-of-range", "/effects/4/multiplier"),
    ("/effects/4", {"effect": "earn", "multiplier": 101}, "rule-value-out-of-range", "/effects/4/multiplier"),
    ("/effects/4", {"effect": "earn", "bonus": 5, "per": 100}, "rule-unknown-field", "/effects/4/per"),
    ("/group", "lane", "rule-unknown-reference", "/group"),
    ("/voucher", "spring", "rule-unknown-reference", "/voucher"),
    ("/exclusive", "yes", "rule-wrong-type", "/exclusive"),
    ("/priority", -1, "rule-value-out-of-range", "/priority"),
    ("/tell", None, "", ""),
]  # fmt: skip


def test_the_full_rule_is_read() -> None:
    rule = read_rule(FULL, VOCABULARY)

    assert (rule.name, len(rule.effects), rule.priority, rule.tell) == ("everything", 5, 10, True)


@pytest.mark.parametrize(("pointer", "value", "code", "at"), REFUSED)
def test_a_wrong_rule_is_refused_by_name_with_the_pointer_to_the_node(
    pointer: str, value: object, code: str, at: str
) -> None:
    document = changed(pointer, value)
    if not code:
        read_rule(document, VOCABULARY)
        return

    with pytest.raises(RuleRefused) as refused:
        read_rule(document, VOCABULARY)

    assert (refused.value.code, refused.value.pointer) == (code, at)
    assert len(str(refused.value)) < 500
    assert "{" not in str(refused.value)


@pytest.mark.parametrize("document", [None, 7, "rule", [], [{}], True])
def test_what_is_no_object_is_no_rule(document: object) -> None:
    with pytest.raises(RuleRefused) as refused:
        read_rule(document)

    assert refused.value.code == "rule-wrong-type"


@pytest.mark.parametrize("pointer", ["/effects/2/percent", "/effects/3/amount", "/priority"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_of_thousands_of_digits_is_refused_in_a_short_sentence(
    pointer: str, sign: int
) -> None:
    with pytest.raises(RuleRefused) as refused:
        read_rule(changed(pointer, sign * 10**5000), VOCABULARY)

    assert refused.value.pointer == pointer
    assert "more than 38 digits" in str(refused.value)


def test_a_condition_as_deep_and_as_large_as_allowed_is_read() -> None:
    read_rule(changed("/when", deep(8)), VOCABULARY)
    read_rule(changed("/when", {"any": [{"fact": "member", "is": True}] * 199}), VOCABULARY)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [*FACTS, *LINE_FACTS, *EFFECTS, *TIERS, "all", "any", "not", "fact", "is", "where", "mon"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [field.name for field in (*RULE, *SCHEDULE)]
                + [
                    "all",
                    "any",
                    "not",
                    "fact",
                    "is",
                    "in",
                    "at-least",
                    "where",
                    "effect",
                    "percent",
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


def pointers(node: object, at: str = "") -> list[str]:
    """Return the pointer to every node."""
    children: list[tuple[Any, Any]] = []
    if isinstance(node, dict):
        children = list(node.items())
    if isinstance(node, list):
        children = list(enumerate(node))
    return [at, *(p for name, child in children for p in pointers(child, f"{at}/{name}"))]


@given(json_values)
def test_the_checker_is_total(document: object) -> None:
    """Whatever JSON holds, the answer is a rule or a named refusal that points into it."""
    try:
        read_rule(document, VOCABULARY)
    except BenefitsError as error:
        assert error.pointer is not None
        assert re.fullmatch(r"[a-z-]+", error.code)


@given(st.sampled_from(pointers(FULL)[1:]), json_values)
def test_one_wrong_value_in_a_good_rule_is_refused_at_or_near_it(at: str, value: object) -> None:
    document = changed(at, value)
    try:
        read_rule(document, VOCABULARY)
    except BenefitsError as error:
        assert error.pointer is not None
        assert error.code.startswith("rule-")


def test_a_rule_survives_json() -> None:
    assert read_rule(json.loads(json.dumps(FULL)), VOCABULARY) == read_rule(FULL, VOCABULARY)


def test_nothing_is_evaluated_that_a_rule_says() -> None:
    """A rule is data: text that looks like code is text."""
    hostile = changed("/when/all/2", {"not": {"fact": "tags", "has": "__import__('os')"}})

    assert read_rule(hostile, VOCABULARY).name == "everything"
