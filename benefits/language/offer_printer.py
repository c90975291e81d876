"""What takes money off, or is given beside it, as phrases in English and 中文. Pure.

The printer hands in how it says things, and `on`: which lines, or the order, or shipping.
"""

from collections.abc import Sequence
from typing import assert_never

from benefits.language.earn_printer import Money, Say, hundredths
from benefits.language.tree import AmountOff, Bundle, BuyGet, NthUnit, PercentOff, Reached

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_TEENS = range(11, 14)
_ALL = 100_00


def off_phrase(effect: PercentOff | AmountOff, on: str, say: Say, money: Money) -> str:
    """A percentage or an amount off."""
    each = ""
    on = _units(effect, on, say)
    if isinstance(effect, AmountOff):
        each = say(" each", "（每件）") if effect.each_unit else ""
    if effect.steps:
        return _steps(effect, on + each, say, money) + cap_phrase(effect.cap, say, money)
    off = _off(effect, say, money)
    said = say(f"{off} off {on}{each}", f"{on}{each}减{off}")
    if isinstance(effect, AmountOff) and effect.every is not None:
        every = money(effect.every)
        said = say(f"{off} off {on} for every {every}", f"{on}每满{every}减{off}")
        said += _times(effect.times, say)
    return said + cap_phrase(effect.cap, say, money)


def group_phrase(
    effect: Bundle | NthUnit | BuyGet, on: str, had: str, say: Say, money: Money
) -> str:
    """Units that belong together; `had` says which may be had for others."""
    match effect:
        case Bundle(units, price):
            amount = money(price)
            said = say(f"{units} units of {on} for {amount}", f"{on}任选{units}件共{amount}")
        case NthUnit(nth, percent):
            off = hundredths(percent)
            english = f"{off}% off every {_ordinal(nth)} unit of {on}, the cheapest"
            said = say(english, f"{on}每{nth}件中最便宜的1件减{off}%")
        case BuyGet():
            said = _buy_get(effect, on, had, say)
        case _:
            assert_never(effect)
    return said + _times(effect.times, say) + cap_phrase(effect.cap, say, money)


def gift_phrase(sku: str, quantity: int, choose: str, say: Say) -> str:
    """A gift; `choose` names what the member may choose in its place."""
    units = "unit" if quantity == 1 else "units"
    said = say(f"{quantity} {units} of {sku} as a gift", f"赠送{sku} {quantity}件")
    return said + (say(f" (or {choose})", f"（可换{choose}）") if choose else "")


def voucher_phrase(name: str, quantity: int, say: Say) -> str:
    """Vouchers for a later order."""
    many = f"{quantity} vouchers" if quantity > 1 else "a voucher"
    return say(f"{many} {name} for a later order", f"赠优惠券 {name} {quantity}张（下次可用）")


def cap_phrase(cap: int | None, say: Say, money: Money) -> str:
    """The most that an effect gives an order."""
    return "" if cap is None else say(f" (at most {money(cap)})", f"（最多{money(cap)}）")


def _off(effect: PercentOff | AmountOff, say: Say, money: Money) -> str:
    match effect:
        case PercentOff(percent):
            return f"{hundredths(percent or 0)}%"
        case AmountOff(amount):
            return say("the voucher's value", "券面金额") if amount is None else money(amount)
        case _:
            assert_never(effect)


def _steps(effect: PercentOff | AmountOff, on: str, say: Say, money: Money) -> str:
    def gives(step: Reached) -> str:
        percents = isinstance(effect, PercentOff)
        return f"{hundredths(step.gives)}%" if percents else money(step.gives)

    steps: Sequence[Reached] = effect.steps
    english = [f"{gives(step)} from {money(step.from_)}" for step in steps[1:]]
    lowest = f"{gives(steps[0])} off {on} from {money(steps[0].from_)}"
    chinese = [f"满{money(step.from_)}减{gives(step)}" for step in steps]
    return say(", ".join([lowest, *english]), on + "，".join(chinese))


def _units(effect: PercentOff | AmountOff, on: str, say: Say) -> str:
    """Which units of the lines."""
    units = effect.units
    if units is None:
        return on
    if effect.pick == "all":
        plural = "unit" if units == 1 else "units"
        return say(f"at most {units} {plural} of {on}", f"{on}中最多{units}件")
    chinese = "最便宜" if effect.pick == "cheapest" else "最贵"
    many = f"the {effect.pick} unit" if units == 1 else f"the {units} {effect.pick} units"
    return say(f"{many} of {on}", f"{on}中{chinese}的{units}件")


def _buy_get(effect: BuyGet, on: str, had: str, say: Say) -> str:
    buy, get, free = effect.buy, effect.get, effect.percent == _ALL
    off = hundredths(effect.percent)
    price = say("free", "免费") if free else say(f"at {off}% off", f"减{off}%")
    bought = f"{buy} unit" if buy == 1 else f"{buy} units"
    if effect.get_where is None:
        chinese = f"{on}买{buy}件送{get}件" if free else f"{on}买{buy}件，另{get}件{price}"
        return say(f"for {bought} of {on} {get} more {price}", chinese)
    more = f"{get} unit" if get == 1 else f"{get} units"
    return say(
        f"for {bought} of {on} {more} of {had} {price}", f"{on}买{buy}件，{had}{get}件{price}"
    )


def _times(times: int | None, say: Say) -> str:
    if times is None:
        return ""
    return (
        say(" (once)", "（限1次）")
        if times == 1
        else say(f" (at most {times} times)", f"（最多{times}次）")
    )


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in _TEENS else _ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"
