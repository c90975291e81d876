"""The shape at the border comes from the same list of nodes as the checker."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from jsonschema_rs import Draft202012Validator

from benefits import RuleRefused, Vocabulary, rule_schema
from benefits.language import read_rule
from tests.benefits.builders import TIERS, unhurried
from tests.benefits.strategies import rules
from tests.benefits.test_documents import EXAMPLES
from tests.benefits.test_language import FULL, REFUSED, VOCABULARY, changed, json_values

SCHEMA = Draft202012Validator(rule_schema())
SHAPES = {
    "rule-wrong-type",
    "rule-unknown-field",
    "rule-missing-field",
    "rule-unknown-fact",
    "rule-unknown-effect",
    "rule-unknown-operator",
    "rule-unknown-value",
    "rule-negative-price",
}
# What only the checker sees although its code is one of a shape: which parts of a member day belong
# together, what a rate is without its unit of money, how often something is given without for how
# much, and which fields go with which form of earning and with which limit.
BEYOND = {
    "/schedule/member_days/0",
    "/schedule/member_days/0/day",
    "/effects/3",
    "/effects/4",
    "/effects/4/per",
    "/effects/4/basis",
    "/effects/4/rounding",
    "/limits/0/every",
}


@pytest.mark.parametrize("document", [FULL, *EXAMPLES], ids=lambda document: document["rule"])
def test_a_rule_has_the_shape(document: dict[str, Any]) -> None:
    assert SCHEMA.is_valid(document)


@pytest.mark.parametrize(("pointer", "value", "code", "at"), REFUSED)
def test_what_the_checker_refuses_for_its_shape_the_schema_refuses(
    pointer: str, value: object, code: str, at: str
) -> None:
    if code in SHAPES and at not in BEYOND:
        assert not SCHEMA.is_valid(changed(pointer, value))


@unhurried
@given(rules(number=1))
def test_every_rule_that_can_be_drawn_has_the_shape(document: dict[str, Any]) -> None:
    assert SCHEMA.is_valid(document)
    read_rule(document, Vocabulary(tiers=TIERS))


@unhurried
@given(json_values)
def test_what_has_not_the_shape_is_no_rule(document: object) -> None:
    with suppress(RuleRefused):
        read_rule(document, VOCABULARY)
        assert SCHEMA.is_valid(document)
