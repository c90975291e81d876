"""Amounts of a history file: decimal major units as text, whole minor units as the result.

Pure and exact: text is cut at the decimal point, nothing is ever a float.
The one idea is the *scale*: how many digits a text carries beyond the point, trailing zeros
not counted.
"""

from functools import lru_cache
from typing import Final

DIGITS_MAX: Final = 15
"""More digits than this in one amount are a typing error."""


_POWERS: Final[tuple[int, ...]] = tuple(10**digits for digits in range(DIGITS_MAX + 1))


class NotAnAmount(ValueError):
    """Expected a decimal number with a point, such as 12.50 or -3."""


@lru_cache(maxsize=65_536)
def decimal_parts(text: str) -> tuple[int, int]:
    """Split a decimal text into (significand, scale): "12.50" is (125, 1), "-3" is (-3, 0).

    Raises `NotAnAmount` for anything that is not plain ASCII digits with at most one point.
    """
    unsigned = text[1:] if text[:1] == "-" else text
    whole, _, fraction = unsigned.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit()) or len(digits) > DIGITS_MAX:
        raise NotAnAmount(text)
    fraction = fraction.rstrip("0")
    value = int(whole + fraction or "0")
    return (-value if unsigned is not text else value), len(fraction)


@lru_cache(maxsize=65_536)
def minor_units(text: str, exponent: int) -> int:
    """Give the whole minor units of one amount, for a currency with `exponent` decimal digits.

    Raises `NotAnAmount` when the text has a fraction of a minor unit.
    """
    value, scale = decimal_parts(text)
    if scale > exponent:
        raise NotAnAmount(text)
    return value * _POWERS[exponent - scale]


@lru_cache(maxsize=65_536)
def extended(text: str, quantity: int, exponent: int) -> int:
    """Give the minor units of `quantity` pieces at a unit price.

    The price may have more decimals than the currency if the line comes to whole minor units;
    otherwise `NotAnAmount` is raised.
    """
    value, scale = decimal_parts(text)
    total = value * quantity
    if scale <= exponent:
        return total * _POWERS[exponent - scale]
    whole, rest = divmod(total, _POWERS[scale - exponent])
    if rest:
        raise NotAnAmount(text)
    return whole


def has_third_decimal(text: str, exponent: int) -> bool:
    """Say whether an amount carries more decimals than its currency; counted in the summary."""
    return decimal_parts(text)[1] > exponent
