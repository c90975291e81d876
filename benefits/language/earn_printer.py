"""What a rule earns, and its limits, as phrases in English and 中文. Pure.

The printer hands in how it says things: which of two languages, and how money is spelled.
"""

from collections.abc import Callable
from typing import assert_never

from benefits.counted import MONEY, POINTS, Limit
from benefits.language.earnings import Earns
from benefits.language.tree import Band, EarnBands, EarnBonus, EarnEach, EarnMultiplier
from benefits.language.tree import EarnRate as Rate
from benefits.language.words import BASIS_WORDS, PERIOD_WORDS, ROUNDING_WORDS

Say = Callable[[str, str], str]
"""The one of an English and a Chinese text that is spoken."""
Money = Callable[[int], str]


def earn_phrase(effect: Earns, on: str, say: Say, money: Money) -> str:
    """What an effect earns; `on` says of which lines."""
    match effect:
        case Rate():
            return _rate(effect, on, say, money)
        case EarnEach(points, each):
            unit = say(*(("unit", "每件") if each == "unit" else ("order", "每单")))
            return say(f"{points} {_points(points)} per {unit}", f"{unit}得{points}积分") + on
        case EarnBands():
            return _bands(effect, on, say, money)
        case EarnMultiplier(multiplier):
            times = hundredths(multiplier)
            return say(f"{times} times the points", f"{times}倍积分") + on
        case EarnBonus(bonus):
            return say(f"{bonus} bonus points", f"加赠{bonus}积分") + on
        case _:
            assert_never(effect)


def limit_phrase(limit: Limit, say: Say, money: Money) -> str:
    """How much a rule may give."""
    if limit.count == MONEY:
        amount = money(limit.most)
        most = say(f"at most {amount} off", f"最多减{amount}")
    else:
        most = say(f"at most {limit.most} points", f"最多{limit.most}积分")
    if limit.whose == "order":
        return say(f"{most} an order", f"每单{most}")
    whose = (
        say("for each member", "每位会员") if limit.whose == "member" else say("for all", "全体")
    )
    period = say(*PERIOD_WORDS[limit.every])
    if limit.count in {POINTS, MONEY}:
        return say(f"{most} {period} {whose}", f"{whose}{period}{most}")
    times = say("once", "1次") if limit.most == 1 else say(f"{limit.most} times", f"{limit.most}次")
    return say(f"at most {times} {period} {whose}", f"{whose}{period}最多{times}")


def hundredths(value: int) -> str:
    """A number of hundredths as a decimal without idle zeros."""
    whole, rest = divmod(value, 100)
    return f"{whole}.{rest:02}".rstrip("0") if rest else str(whole)


def _rate(effect: Rate, on: str, say: Say, money: Money) -> str:
    said = _per(effect.points, effect.per, effect.basis, say, money) + on
    if effect.carry:
        said += say(", the remainder carried on", "，余数累计")
    return said + _rounding(effect.rounding, say)


def _bands(effect: EarnBands, on: str, say: Say, money: Money) -> str:
    bands = say("; ", "；").join(_band(band, effect.basis, say, money) for band in effect.bands)
    period = say(*PERIOD_WORDS[effect.every])
    said = say(f"by what is spent {period}: {bands}", f"按{period}消费分段：{bands}")
    return said + on + _rounding(effect.rounding, say)


def _band(band: Band, basis: str, say: Say, money: Money) -> str:
    rate = _per(band.points, band.per, basis, say, money)
    if band.upto is None:
        return say(f"{rate} beyond", f"超出部分{rate}")
    return say(f"{rate} up to {money(band.upto)}", f"至{money(band.upto)}{rate}")


def _per(points: int, per: int, basis: str, say: Say, money: Money) -> str:
    amount = money(per)
    if basis != "paid":
        word = say(*BASIS_WORDS[basis])
        amount = say(f"{amount} {word}".rstrip(","), f"{word}{amount}")
    return say(f"{points} {_points(points)} per {amount}", f"每{amount}得{points}积分")


def _points(points: int) -> str:
    return "point" if points == 1 else "points"


def _rounding(rounding: str | None, say: Say) -> str:
    if rounding is None:
        return ""
    english, chinese = ROUNDING_WORDS[rounding]
    return say(f", {english}", f"，{chinese}")
