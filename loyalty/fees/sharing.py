"""What of a membership fee its bonus points are worth: shared by stand-alone prices. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from loyalty.books.allocation import ALL, allocate
from loyalty.money import PointValue


@dataclass(frozen=True, slots=True)
class FeeShare:
    """A fee without tax in two parts: of the membership, and of the points that came with it."""

    fee: int
    points: int


def allocate_fee(net: int, points: int, value: PointValue, expected: Fraction = ALL) -> FeeShare:
    """Share a fee over the membership, which stands alone at its price, and its bonus points.

    Both parts together are the fee; a fee of nothing shares nothing.
    """
    shared = allocate(net, points, value, expected)
    return FeeShare(shared.goods, shared.points)
