"""What of an order's price its points are worth: the price is shared by stand-alone prices.

Pure integer arithmetic. Goods stand alone at what was paid for them; points at their value, as far
as they are expected to be redeemed. The points' share is rounded half up, the goods take the rest,
so that both together are the price to the last minor unit.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from loyalty.money import PointValue

ALL: Final = Fraction(1)
"""What is expected to be redeemed until finance signs an estimate: every point."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A transaction price in two parts: revenue now, and revenue deferred with the points."""

    goods: int
    points: int


def allocate(price: int, points: int, value: PointValue, expected: Fraction = ALL) -> Allocation:
    """Share the price of goods (no tax, nothing paid with points) over the goods and their points.

    Goods that cost nothing share nothing: points given with them are not paid for.
    """
    if price <= 0 or points <= 0:
        return Allocation(price, 0)
    alone, per = stand_alone(points, value, expected)
    share = half_up(price * alone, price * per + alone)
    return Allocation(price - share, share)


def worth(points: int, value: PointValue, expected: Fraction = ALL) -> int:
    """Return what points come to by themselves, rounded half up."""
    return half_up(*stand_alone(points, value, expected))


def stand_alone(points: int, value: PointValue, expected: Fraction = ALL) -> tuple[int, int]:
    """Return the stand-alone price of points, as a numerator and a denominator."""
    return points * value.minor * expected.numerator, value.points * expected.denominator


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest whole; halves go up."""
    return (2 * numerator + denominator) // (2 * denominator)
