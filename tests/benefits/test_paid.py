"""Orders that were paid elsewhere: columns in, points of each line out."""

from typing import Any

import pytest

from benefits import Facts, earn_of_paid
from tests.benefits.builders import NOON, compiled, member

BASE = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
TRIPLE = {
    "rule": "triple",
    "when": {"fact": "tier", "is": "gold"},
    "effects": [{"effect": "earn", "multiplier": 3}],
}
BONUS = {"rule": "bonus", "effects": [{"effect": "earn", "bonus": 7}]}
BREAD = {
    "rule": "bread",
    "effects": [
        {"effect": "earn", "points": 1, "per": 50, "where": {"fact": "category", "is": "BREAD"}}
    ],
}
BIG = {
    "rule": "big",
    "when": {"fact": "subtotal", "at-least": 1000},
    "effects": [{"effect": "earn", "bonus": 1}],
}


def earned(
    rules: list[dict[str, Any]], amounts: list[int], facts: Facts | None = None
) -> tuple[list[int], list[str]]:
    """Return the points of tea and bread in turns, and the rules that took part."""
    points, applied, _, gave = earn_of_paid(
        compiled(*rules),
        facts=facts or member("gold"),
        at=NOON,
        currency="USD",
        channel="till",
        country="US",
        skus=["TEA", "RYE"] * (len(amounts) // 2),
        categories=["DRINKS", "BREAD"] * (len(amounts) // 2),
        quantities=[1] * len(amounts),
        amounts=amounts,
    )
    assert (len(gave), sum(gave)) == (len(applied), sum(points))
    return points, [rule for rule, _ in applied]


@pytest.mark.parametrize(
    ("rules", "amounts", "points", "applied"),
    [
        ([BASE], [199, 101], [2, 1], ["base"]),
        ([BASE, TRIPLE], [199, 101], [6, 3], ["base", "triple"]),
        ([BASE, BONUS], [600, 300], [11, 5], ["base", "bonus"]),
        ([BONUS], [0, 0], [7, 0], ["bonus"]),
        ([BASE], [0, 0], [0, 0], []),
        ([BREAD], [600, 300], [0, 6], ["bread"]),
        ([BASE, BIG], [500, 499], [5, 4], ["base"]),
        ([BASE, BIG], [500, 500], [6, 5], ["base", "big"]),
    ],
)
def test_points_from_columns(
    rules: list[dict[str, Any]], amounts: list[int], points: list[int], applied: list[str]
) -> None:
    assert earned(rules, amounts) == (points, applied)


def test_a_guest_earns_nothing() -> None:
    assert earned([BASE], [500, 500], Facts()) == ([0, 0], [])
