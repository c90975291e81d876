"""Spending points: how many an order takes, what they are worth, and on which lines. Pure.

Points are a price reduction of the lines they are spread over, goods only unless the policy says
that they pay shipping too. Their value is rounded down to the minor unit, once.
"""

from msgspec import Struct

from benefits.errors import (
    PointsOffStep,
    PointsOverAvailable,
    PointsOverSpendable,
    PointsUnderMinimum,
)
from benefits.shares import spread
from benefits.types import Cart, PointsTerms

POINTER = "/order/points_to_spend"


class Spending(Struct, frozen=True, gc=False):
    """Points spent on an order; shipping stands last in the two spreads."""

    spendable: int
    points: int
    value: int
    points_spread: tuple[int, ...]
    value_spread: tuple[int, ...]


def plan_spending(terms: PointsTerms, cart: Cart, totals: list[int], shipping: int) -> Spending:
    """Spend the points asked for. Raises a Points… error where that cannot be done."""
    payable = [
        total if line.points_payable else 0 for line, total in zip(cart.lines, totals, strict=True)
    ]
    payable.append(shipping if terms.pays_shipping else 0)
    spendable = _spendable(terms, sum(payable))
    asked = terms.requested
    if asked == 0:
        nothing = (0,) * len(payable)
        return Spending(spendable, 0, 0, nothing, nothing)
    _refuse(terms, spendable)
    value = asked * terms.value // terms.per
    values = spread(value, payable)
    points = spread(asked, values) if value else spread(asked, payable)
    return Spending(spendable, asked, value, tuple(points), tuple(values))


def _spendable(terms: PointsTerms, payable: int) -> int:
    """The most points the order takes: by balance, by share of the money, in whole steps."""
    share = payable * terms.max_share_percent // 100
    most = min(terms.available, share * terms.per // terms.value)
    most -= most % terms.step
    return most if most >= terms.minimum else 0


def _refuse(terms: PointsTerms, spendable: int) -> None:
    asked = terms.requested
    if asked > terms.available:
        raise PointsOverAvailable(pointer=POINTER, seen=asked, wanted=terms.available)
    if asked < terms.minimum:
        raise PointsUnderMinimum(pointer=POINTER, seen=asked, wanted=terms.minimum)
    if asked % terms.step:
        raise PointsOffStep(pointer=POINTER, seen=asked, wanted=terms.step)
    if asked > spendable:
        raise PointsOverSpendable(pointer=POINTER, seen=asked, wanted=spendable)
