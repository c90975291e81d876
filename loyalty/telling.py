"""What is missing for a tier, and what a member is entitled to, in English or Chinese. Pure.

Decisions hold codes and figures; the sentence is made when somebody reads them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency

from benefits import Entitlement, entitlement_phrase
from loyalty.money import minor_units, written
from tiers import Because, Missing

LOCALES: Final[Mapping[str, str]] = MappingProxyType({"en": "en", "zh": "zh_Hans_CN"})

_MONEY: Final = ("{amount} more", "再消费 {amount}")
_ORDERS: Final = ("{count} more orders", "再下 {count} 单")
_ONE_ORDER: Final = ("1 more order", "再下 1 单")
_DAYS: Final = ("{count} more days with a purchase", "再有 {count} 天消费")
_ONE_DAY: Final = ("1 more day with a purchase", "再有 1 天消费")
_ASSET: Final = ("{count} more {unit}", "再获得 {count} {unit}")
_JOINT: Final = {"all": (" and ", "并"), "any": (" or ", "或")}
_BY: Final = ("{what} by {day}{why}", "在 {day} 前{what}{why}")
_MET: Final = ("Nothing more is needed{until}", "无需更多消费{until}")
_UNTIL: Final = (" until {day}{why}", "，有效至 {day}{why}")
_HELD_UNTIL: Final = (", until {day}", "，有效至{day}")
_A_MOMENT: Final = timedelta(microseconds=1)
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
_WHY: Final[Mapping[Because, tuple[str, str]]] = MappingProxyType(
    {
        Because.OLDEST_ORDER_LEAVES: (
            ", when your oldest order leaves the window",
            "（届时最早的订单移出统计期）",
        ),
        Because.WINDOW_ENDS: (", when the period ends", "（届时统计期结束）"),
        Because.VALIDITY_ENDS: (", when the tier is judged", "（届时重新定级）"),
        Because.GRACE_ENDS: (", when the grace ends", "（届时宽限期结束）"),
    }
)


Units = Mapping[str, Mapping[str, str]]
_NO_UNITS: Final[Units] = MappingProxyType({})


def tell_missing(missing: Missing, currency: str, language: str, units: Units = _NO_UNITS) -> str:
    """Say what is missing, by when and why then; `units` says what assets are called."""
    place = 1 if language == "zh" else 0
    locale = LOCALES["zh" if place else "en"]
    why = "" if missing.because is None else _WHY[missing.because][place]
    day = "" if missing.by is None else format_date(missing.by, "long", locale=locale)
    if missing.met:
        until = _UNTIL[place].format(day=day, why=why) if day else ""
        return _ended(_MET[place].format(until=until), place)
    parts = []
    if missing.purchases:
        parts.append(_MONEY[place].format(amount=_money(missing.purchases, currency, locale)))
    if missing.orders:
        said = _ONE_ORDER if missing.orders == 1 else _ORDERS
        parts.append(said[place].format(count=missing.orders))
    if missing.active_days:
        said = _ONE_DAY if missing.active_days == 1 else _DAYS
        parts.append(said[place].format(count=missing.active_days))
    parts += [
        _ASSET[place].format(count=amount, unit=_unit(asset, language, units))
        for asset, amount in missing.assets
        if amount
    ]
    what = _JOINT[missing.join][place].join(parts)
    return _ended(_BY[place].format(what=what, day=day, why=why) if day else what, place)


def tell_entitlement(
    held: Entitlement,
    language: str,
    *,
    until: datetime | None = None,
    zone: ZoneInfo | None = None,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Say what a member is entitled to, and the last day of it where that is known.

    `names` gives what people call events, under `event:<code>`.
    """
    place = 1 if language == "zh" else 0
    phrase = entitlement_phrase(held, language=language, names=names)
    said = phrase[:1].upper() + phrase[1:]
    if until is None:
        return _ended(said, place)
    last = until.astimezone(zone) - _A_MOMENT
    day = format_date(last.date(), "long", locale=LOCALES["zh" if place else "en"])
    return _ended(said + _HELD_UNTIL[place].format(day=day), place)


def _unit(asset: str, language: str, units: Units) -> str:
    """What people call an asset, in their language or any; its code where it has no name."""
    names = units.get(asset, {})
    return names.get(language) or next(iter(names.values()), asset)


def _money(amount: int, currency: str, locale: str) -> str:
    major = written(amount, currency)
    whole = "." not in major or minor_units(major.partition(".")[0], currency) == amount
    pattern = "¤#,##0" if whole else None
    told: str = format_currency(major, currency, pattern, locale=locale, currency_digits=not whole)
    return told


def _ended(sentence: str, place: int) -> str:
    return sentence + ("。" if place else ".")
