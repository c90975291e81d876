"""Money as integer minor units of an ISO 4217 currency, and the value of points in it.

There is no money type that travels: amounts are plain integers, and the programme has one
currency. What lives here is how minor units are written for people, read from decimals, and how
points and money convert; every conversion names its rounding.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

#: Currencies whose minor unit is not a hundredth; every other ISO 4217 currency has two digits.
_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
         "VND", "VUV", "XAF", "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip


def digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has."""
    return _DIGITS.get(currency, 2)


def written(amount: int, currency: str) -> str:
    """Write minor units as a plain decimal: 1490 of USD is 14.90."""
    return str(Decimal(amount).scaleb(-digits(currency)))


def minor_units(text: str, currency: str) -> int:
    """Read a decimal in major units exactly; a finer fraction than the minor unit is refused."""
    try:
        scaled = Decimal(text).scaleb(digits(currency))
    except InvalidOperation:
        message = f"{text!r} is not a decimal amount"
        raise ValueError(message) from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        message = f"{text!r} is not a whole number of minor units of {currency}"
        raise ValueError(message)
    return int(scaled)


@dataclass(frozen=True, slots=True)
class PointValue:
    """Money that points take off: `minor` minor units for every `points` points."""

    minor: int
    points: int

    def __post_init__(self) -> None:
        """Refuse a value that is not positive."""
        if self.minor <= 0 or self.points <= 0:
            message = "a point value is a positive number of minor units for positive points"
            raise ValueError(message)

    def money_down(self, points: int) -> int:
        """Return what the points take off, rounded down to a whole minor unit."""
        return points * self.minor // self.points

    def points_up(self, amount: int) -> int:
        """Return the fewest points that take off at least the amount."""
        return -(-amount * self.points // self.minor)

    def points_down(self, amount: int) -> int:
        """Return the most points that take off no more than the amount."""
        return amount * self.points // self.minor

    def worse_than(self, other: "PointValue") -> bool:
        """Say whether a point is worth less here than there."""
        return self.minor * other.points < other.minor * self.points
