"""How much one effect takes off each of the lines it works on. Pure arithmetic.

Every function is handed what the lines cost as they stand, and answers as many amounts; none is
above what its line costs. Percentages are rounded half up to the minor unit; an amount over several
lines is spread by largest remainder.
"""

from collections.abc import Iterable, Mapping, Sequence

from benefits.bundles import bundled, cheapest_of_groups, had_for_others
from benefits.language.tree import AmountOff, Bundle, BuyGet, ExclusivePrice, NthUnit, PercentOff
from benefits.shares import spread
from benefits.thresholds import highest_reached, rounds_of
from benefits.types import Line
from benefits.units import Run, picked, runs_of, worth_of

WHOLE = 100_00
"""All of an amount, in hundredths of a percent."""


def exclusive_off(
    effect: ExclusivePrice,
    left: Sequence[int],
    lines: Sequence[Line],
    prices: Mapping[tuple[str, str], int],
) -> list[int]:
    """What an exclusive price is below what each line costs; `prices` are those of price lists."""
    targets = _targets(effect, lines, prices)
    return [
        cost - target if target is not None and target < cost else 0
        for cost, target in zip(left, targets, strict=True)
    ]


def percent_off(effect: PercentOff, left: list[int], lines: Sequence[Line]) -> list[int]:
    """A percentage off each line, or off the order, of the units that it works on."""
    percent = percent_now(effect, left)
    if effect.units is not None:
        left = worth_of(_picked(left, lines, effect.units, effect.pick), len(left))
    if effect.target == "lines":
        return capped_each([half_up(worth * percent, WHOLE) for worth in left], effect.cap)
    return spread(capped(half_up(sum(left) * percent, WHOLE), effect.cap), left)


def amount_off(
    effect: AmountOff, of_voucher: int, left: list[int], lines: Sequence[Line]
) -> list[int]:
    """An amount off the lines together, or off each unit, of the units that it works on."""
    amount = amount_now(effect, of_voucher, left)
    if effect.units is not None:
        runs = _picked(left, lines, effect.units, effect.pick)
        if effect.each_unit:
            each = (run._replace(price=min(amount, run.price)) for run in runs)
            return capped_each(worth_of(each, len(left)), effect.cap)
        left = worth_of(runs, len(left))
    elif effect.each_unit:
        offs = [min(worth, amount * line.quantity) for line, worth in zip(lines, left, strict=True)]
        return capped_each(offs, effect.cap)
    return spread(capped(min(amount, sum(left)), effect.cap), left)


def percent_now(effect: PercentOff, left: Sequence[int]) -> int:
    """The percentage the effect says, or that of the highest step that the lines reach."""
    if effect.percent is not None:
        return effect.percent
    return highest_reached(effect.steps, sum(left))


def amount_now(effect: AmountOff, of_voucher: int, left: Sequence[int]) -> int:
    """The amount the effect says, as often as it says, or the voucher's own value."""
    if effect.steps:
        return highest_reached(effect.steps, sum(left))
    amount = of_voucher if effect.amount is None else effect.amount
    if effect.every is not None:
        return amount * rounds_of(effect.every, effect.times, sum(left))
    return amount


def bundles_off(effect: Bundle, left: list[int], lines: Sequence[Line]) -> list[int]:
    """What bundles take off, spread over their units."""
    amount, units = bundled(effect, _units(left, lines))
    return spread(capped(amount, effect.cap), worth_of(units, len(left)))


def had_off(effect: NthUnit | BuyGet, left: list[int], lines: Sequence[Line]) -> list[int]:
    """What is taken off the cheapest units of each group."""
    buy, get = (effect.nth - 1, 1) if isinstance(effect, NthUnit) else (effect.buy, effect.get)
    units = cheapest_of_groups(_units(left, lines), buy=buy, get=get, times=effect.times)
    return _percent_of(units, effect, len(left))


def had_for_others_off(
    effect: BuyGet,
    left: list[int],
    lines: Sequence[Line],
    bought: Sequence[bool],
    to_be_had: Sequence[bool],
) -> list[int]:
    """What is taken off the units that are had for others; each line says what its units are."""
    units = had_for_others(effect, _units(left, lines), bought, to_be_had)
    return _percent_of(units, effect, len(left))


def half_up(numerator: int, denominator: int) -> int:
    """A quotient rounded to the nearest integer, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def capped(amount: int, cap: int | None) -> int:
    """An amount, or the cap where that is less."""
    return amount if cap is None else min(amount, cap)


def capped_each(offs: list[int], cap: int | None) -> list[int]:
    """Amounts that come to the cap at most."""
    return offs if cap is None or sum(offs) <= cap else spread(cap, offs)


def _targets(
    effect: ExclusivePrice, lines: Sequence[Line], prices: Mapping[tuple[str, str], int]
) -> Sequence[int | None]:
    """The exclusive prices of whole lines; None where there is none."""
    if effect.price_list is not None:
        found = [prices.get((effect.price_list, line.sku)) for line in lines]
        return [
            None if price is None else price * line.quantity
            for price, line in zip(found, lines, strict=True)
        ]
    if effect.percent is not None:
        percent = effect.percent
        return [line.regular - half_up(line.regular * percent, WHOLE) for line in lines]
    return [line.member_amount for line in lines]


def _percent_of(units: Iterable[Run], effect: NthUnit | BuyGet, lines: int) -> list[int]:
    offs = [half_up(worth * effect.percent, WHOLE) for worth in worth_of(units, lines)]
    return capped_each(offs, effect.cap)


def _picked(left: Sequence[int], lines: Sequence[Line], units: int, pick: str) -> list[Run]:
    return picked(_units(left, lines), units, pick)


def _units(left: Sequence[int], lines: Sequence[Line]) -> list[Run]:
    return runs_of(left, [line.quantity for line in lines])
