"""A price is shared over goods and points by stand-alone prices, to the last minor unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import LotClass
from loyalty.books import TREATMENTS, Treatment, allocate, class_of_reason, worth
from loyalty.money import PointValue

ONE = PointValue(1, 1)
VALUES = st.builds(PointValue, st.integers(1, 500), st.integers(1, 500))
SHARES = st.fractions(0, 1, max_denominator=10_000)


def test_the_sale_of_the_standard_comes_out_to_the_cent() -> None:
    shared = allocate(100_000, 10_000, ONE, Fraction(95, 100))

    assert (shared.goods, shared.points) == (91_324, 8_676)


def test_every_point_is_expected_until_an_estimate_is_signed() -> None:
    assert allocate(100_000, 10_000, ONE) == allocate(100_000, 10_000, ONE, Fraction(1))
    assert allocate(100_000, 10_000, ONE).points == 9_091


def test_the_share_of_points_is_rounded_half_up() -> None:
    # 1 / (1 + 1) of 1 is exactly a half; of 3, with two points, 6 / 5 is nearer to 1
    assert allocate(1, 1, ONE).points == 1
    assert allocate(3, 2, ONE).points == 1


def test_what_costs_nothing_shares_nothing() -> None:
    assert allocate(0, 500, ONE).points == 0
    assert allocate(500, 0, ONE).points == 0
    assert allocate(500, 10, ONE, Fraction(0)).points == 0


@given(st.integers(0, 10**12), st.integers(0, 10**9), VALUES, SHARES)
def test_both_parts_are_the_price_and_neither_is_negative(
    price: int, points: int, value: PointValue, share: Fraction
) -> None:
    shared = allocate(price, points, value, share)

    assert shared.goods + shared.points == price
    assert min(shared.goods, shared.points) >= 0


@given(st.integers(1, 10**9), st.integers(1, 10**6), VALUES, SHARES)
def test_the_share_is_nearest_to_the_relative_stand_alone_price(
    price: int, points: int, value: PointValue, share: Fraction
) -> None:
    alone = Fraction(points * value.minor, value.points) * share
    exact = price * alone / (price + alone)

    assert abs(allocate(price, points, value, share).points - exact) <= Fraction(1, 2)


def test_points_by_themselves_are_worth_what_is_expected_of_them() -> None:
    assert worth(333, PointValue(1, 2)) == 167
    assert worth(1_000, ONE, Fraction(4, 5)) == 800


@pytest.mark.parametrize(
    ("reason", "lot_class"),
    [
        ("goodwill", LotClass.GOODWILL),
        ("complaint", LotClass.GOODWILL),
        ("correction", LotClass.GOODWILL),
        ("promotion", LotClass.PROMOTION),
        ("birthday-2026", LotClass.PROMOTION),
        ("welcome", LotClass.PROMOTION),
    ],
)
def test_a_reason_says_why_points_given_by_hand_exist(reason: str, lot_class: LotClass) -> None:
    assert class_of_reason(reason) is lot_class


def test_only_points_that_were_paid_for_are_deferred_revenue() -> None:
    assert set(TREATMENTS) == set(LotClass)
    deferred = {kind for kind, how in TREATMENTS.items() if how is Treatment.DEFERRED}
    assert deferred == {LotClass.SALE, LotClass.FEE}
