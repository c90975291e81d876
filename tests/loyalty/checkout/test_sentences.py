"""Reasons of a quote in the caller's language."""

import pytest

from benefits import NotApplied
from loyalty.checkout.sentences import reason_sentence


@pytest.mark.parametrize(
    ("fact", "english", "chinese"),
    [
        ("first-order", "This is not the first order.", "不是首单。"),
        ("member", "The customer is not a member.", "顾客不是会员。"),
    ],
)
def test_a_fact_that_is_yes_or_no_is_told_as_people_say_it(
    fact: str, english: str, chinese: str
) -> None:
    reason = NotApplied("condition-not-met", "welcome", 1, fact, "is", seen=False, wanted=True)

    assert reason_sentence(reason, "en", "USD") == english
    assert reason_sentence(reason, "zh", "USD") == chinese


def test_an_amount_is_told_with_its_currency() -> None:
    reason = NotApplied("condition-not-met", "r", 1, "subtotal", "at-least", 3600, 5000)

    assert reason_sentence(reason, "en", "USD") == (
        "The subtotal is 36.00 USD; the rule asks for 50.00 USD."
    )
