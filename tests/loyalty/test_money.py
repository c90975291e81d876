"""Money in minor units, and points in money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.money import PointValue, digits, minor_units, written

RATIOS = st.integers(min_value=1, max_value=10_000)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("14.90", "USD", 1490), ("14.9", "USD", 1490), ("15", "JPY", 15), ("1.234", "KWD", 1234)],
)
def test_a_decimal_is_read_and_written_exactly(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount
    assert minor_units(written(amount, currency), currency) == amount
    assert written(amount, currency) == f"{amount / 10 ** digits(currency):.{digits(currency)}f}"


@pytest.mark.parametrize("text", ["1.005", "", "ten", "NaN", "Infinity", "1e-3"])
def test_what_is_no_whole_number_of_minor_units_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        minor_units(text, "USD")


@given(minor=RATIOS, points=RATIOS, amount=st.integers(min_value=0, max_value=10**9))
def test_points_take_off_at_least_what_they_were_asked_for_and_never_a_point_more(
    minor: int, points: int, amount: int
) -> None:
    value = PointValue(minor=minor, points=points)

    needed, within = value.points_up(amount), value.points_down(amount)

    assert value.money_down(needed) >= amount
    assert value.money_down(within) <= amount
    if needed:
        assert (needed - 1) * minor < amount * points


@given(a=RATIOS, b=RATIOS, c=RATIOS, d=RATIOS)
def test_of_two_point_values_at_most_one_is_worse(a: int, b: int, c: int, d: int) -> None:
    one, other = PointValue(a, b), PointValue(c, d)

    assert not (one.worse_than(other) and other.worse_than(one))
    assert one.worse_than(other) == (a * d < c * b)


@pytest.mark.parametrize(("minor", "points"), [(0, 1), (1, 0), (-1, 1)])
def test_a_point_is_worth_something(minor: int, points: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        PointValue(minor, points)
