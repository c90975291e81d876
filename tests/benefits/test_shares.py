"""Largest remainder: parts add up, nobody gets more than a share, ties go to the first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import spread
from benefits.shares import apportion
from tests.benefits.builders import unhurried


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (100, [100, 200, 400], [14, 29, 57]),
        (1, [1, 1], [1, 0]),
        (2, [0, 5, 5], [0, 1, 1]),
        (0, [3, 4], [0, 0]),
        (7, [3, 4], [3, 4]),
        (5, [], []),
        (5, [0, 0], [0, 0]),
    ],
)
def test_worked_spreads(total: int, weights: list[int], parts: list[int]) -> None:
    assert spread(total, weights) == parts


@unhurried
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1))
def test_parts_add_up_and_stay_within_a_unit_of_the_share(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    whole = sum(weights)

    assert sum(parts) == (total if whole else 0)
    for part, weight in zip(parts, weights, strict=True):
        if whole:
            assert abs(part * whole - total * weight) < whole
        if total <= whole:
            assert part <= weight


@unhurried
@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 1000))
def test_exact_shares_are_rounded_down_once_for_all(shares: list[int], denominator: int) -> None:
    parts = apportion(shares, denominator)

    assert sum(parts) == sum(shares) // denominator
    for part, share in zip(parts, shares, strict=True):
        assert part - share // denominator in {0, 1}
