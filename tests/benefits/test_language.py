"""The checker: every wrong rule is refused by name, with the pointer to the node."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import BenefitsError, RuleRefused, Vocabulary
from benefits.language import read_rule
from benefits.language.effect_nodes import EFFECTS
from benefits.language.nodes import FACTS, LINE_FACTS, RULE, SCHEDULE
from benefits.language.tree import AnyOf, Comparison, Not
from tests.benefits.builders import TIERS, unhurried

VOCABULARY = Vocabulary(
    TIERS, ("shipping",), ("club",), ("birthday",), member_lists=("spring", "press")
)
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
        {"effect": "entitlement", "kind": "free-returns", "days": 60},
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


# Pointer to what is changed in the full rule, what it becomes (null takes it away), the code of the
# refusal, and the pointer that it names.
REFUSED: list[list[Any]] = json.loads(
    (Path(__file__).parent / "refused.json").read_text(encoding="utf-8")
)


def test_the_full_rule_is_read() -> None:
    rule = read_rule(FULL, VOCABULARY)

    assert (rule.name, len(rule.effects), rule.priority, rule.tell) == ("everything", 6, 10, True)


@pytest.mark.parametrize(("pointer", "value", "code", "at"), REFUSED)
def test_a_wrong_rule_is_refused_by_name_with_the_pointer_to_the_node(
    pointer: str, value: object, code: str, at: str
) -> None:
    document = changed(pointer, value)

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
    whole = read_rule(FULL, VOCABULARY)
    deepest = read_rule(changed("/when", deep(8)), VOCABULARY).when
    wide = changed("/when", {"any": [{"fact": "member", "is": True}] * 199})
    widest = read_rule(wide, VOCABULARY).when

    for _ in range(7):
        assert isinstance(deepest, Not)
        deepest = deepest.part
    assert isinstance(deepest, Comparison)
    assert isinstance(widest, AnyOf)
    assert widest.parts == (deepest,) * 199
    assert read_rule(changed("/tell", None), VOCABULARY) == replace(whole, tell=False)


def test_a_condition_with_too_many_nodes_is_refused() -> None:
    document = changed("/when", {"any": [{"fact": "member", "is": True}] * 200})

    with pytest.raises(RuleRefused) as refused:
        read_rule(document, VOCABULARY)

    assert (refused.value.code, refused.value.pointer) == ("rule-too-large", "/when/any/199")


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


def refusal_of(document: object) -> BenefitsError | None:
    """Return the refusal of a document, if it is refused; any other error is a failure."""
    try:
        read_rule(document, VOCABULARY)
    except BenefitsError as error:
        return error
    return None


@unhurried
@given(json_values)
def test_the_checker_is_total(document: object) -> None:
    """Whatever JSON holds, the answer is a rule or a named refusal that points into it."""
    refusal = refusal_of(document)

    if refusal is not None:
        assert refusal.pointer is not None
        assert re.fullmatch(r"[a-z-]+", refusal.code)


@unhurried
@given(st.sampled_from(pointers(FULL)[1:]), json_values)
def test_one_wrong_value_in_a_good_rule_is_refused_at_or_near_it(at: str, value: object) -> None:
    refusal = refusal_of(changed(at, value))

    if refusal is not None:
        assert refusal.pointer is not None
        assert refusal.code.startswith("rule-")


def test_a_rule_survives_json() -> None:
    assert read_rule(json.loads(json.dumps(FULL)), VOCABULARY) == read_rule(FULL, VOCABULARY)


def test_nothing_is_evaluated_that_a_rule_says() -> None:
    """A rule is data: text that looks like code is text."""
    hostile = changed("/when/all/2", {"not": {"fact": "tags", "has": "__import__('os')"}})

    assert read_rule(hostile, VOCABULARY).name == "everything"
