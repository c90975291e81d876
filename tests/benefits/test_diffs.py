"""Differences of rules: as pointers for programs, as sentences for people."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from benefits import FieldChange, diff_rules, diff_sentences
from tests.benefits.builders import unhurried

OLD: dict[str, Any] = {
    "rule": "week",
    "when": {"all": [{"fact": "subtotal", "at-least": 2_000}, {"fact": "channel", "is": "web"}]},
    "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
    "schedule": {"from": "2026-11-16T00:00:00+01:00"},
    "tell": True,
}
NEW: dict[str, Any] = {
    "rule": "week",
    "when": {"all": [{"fact": "subtotal", "at-least": 1_500}]},
    "effects": [
        {"effect": "percent-off", "percent": 10, "target": "order"},
        {"effect": "free-shipping"},
    ],
    "schedule": {"from": "2026-11-16T00:00:00+01:00"},
    "priority": 5,
}
CONDITION = (
    "Its condition is now: the subtotal is at least $15 "
    "(before: the subtotal is at least $20 and the channel is web)."
)


def test_a_difference_is_told_by_pointer() -> None:
    assert diff_rules(OLD, NEW) == (
        FieldChange("/effects/1", "added", after={"effect": "free-shipping"}),
        FieldChange("/priority", "added", after=5),
        FieldChange("/tell", "removed", before=True),
        FieldChange("/when/all/0/at-least", "changed", 2_000, 1_500),
        FieldChange("/when/all/1", "removed", before={"fact": "channel", "is": "web"}),
    )


def test_a_difference_is_told_in_words() -> None:
    assert diff_sentences(OLD, NEW, money=lambda minor: f"${minor // 100}") == (
        "It gives now: free shipping.",
        CONDITION,
        "Its priority is now: 5 (before: 0).",
        "To members it is now: silent until it applies (before: told before it applies).",
    )
    chinese = diff_sentences(OLD, NEW, language="zh")
    assert chinese[0] == "给予：免运费。"
    assert len(chinese) == 4


def test_a_new_rule_and_one_that_ends_are_told_whole() -> None:
    assert [each.kind for each in diff_rules(None, OLD)] == ["added"] * 5
    assert diff_sentences(OLD, None)[0] == "It gives no longer: 10% off the order."


@unhurried
@given(st.sampled_from([OLD, NEW]), st.sampled_from([OLD, NEW]))
def test_nothing_differs_exactly_where_the_documents_are_equal(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (diff_rules(one, other) == ()) == (one == other)
    assert (diff_sentences(one, other) == ()) == (one == other)


def test_numbers_and_yes_are_not_the_same() -> None:
    (only,) = diff_rules({"tell": True}, {"tell": 1})

    assert (only.pointer, only.kind, only.before, only.after) == ("/tell", "changed", True, 1)
