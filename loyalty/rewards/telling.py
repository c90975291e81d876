"""Why a member cannot have a reward, as one sentence in English or Chinese. Pure.

Reasons are codes with figures; the sentence is made when somebody reads it. A code that this
release does not know yet is told as the code itself.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from loyalty.checkout.sentences import reason_sentence, unlock_sentence
from loyalty.rewards.types import Reason
from loyalty.telling import LOCALES

_REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "not-yet-available": ("It can be had from {at} on.", "{at} 起可兑换。"),
        "no-longer-available": ("It could be had until {at}.", "已于 {at} 结束兑换。"),
        "event-over": ("It took place on {at}.", "活动已于 {at} 举行。"),
        "sold-out": ("There are {seen} left.", "仅剩 {seen} 件。"),
        "points-short": (
            "You need {gap} points more: it costs {wanted} and you have {seen}.",
            "还差 {gap} 积分：需要 {wanted}，现有 {seen}。",
        ),
        "limit-reached": (
            "You had {seen} of the {limit} that one member may have {every}.",
            "每位会员{every}限兑 {limit} 件，您已兑换 {seen} 件。",
        ),
        "period-sold-out": (
            "{seen} of the {limit} to be had {every} are gone.",
            "{every}共 {limit} 件，已兑出 {seen} 件。",
        ),
        "wallet-frozen": (
            "The wallet is locked: nothing can be spent from it.",
            "账户已锁定，暂不能使用积分。",
        ),
        "member-blocked": ("The member is blocked.", "会员已被停用。"),
    }
)
_SOLD_OUT: Final = ("Sold out.", "已兑完。")
_AGAIN: Final = (" It begins anew on {at}.", "{at} 起重新计算。")
_EVERY: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "day": ("a day", "每天"),
        "week": ("a week", "每周"),
        "month": ("a month", "每月"),
        "year": ("a year", "每年"),
        "ever": ("in all", "累计"),
    }
)


def tell_reason(reason: Reason, language: str, currency: str, zone: ZoneInfo) -> str:
    """Say why; instants are told in the programme's time zone."""
    if reason.told is not None:
        return reason_sentence(reason.told, language, currency)
    place = 1 if language == "zh" else 0
    said = _REASONS.get(reason.code)
    if said is None:
        return reason.code
    if reason.code == "sold-out" and reason.facts.get("seen") == 0:
        return _SOLD_OUT[place]
    facts: dict[str, int | str] = dict(reason.facts)
    if "at" in facts:
        at = datetime.fromisoformat(str(facts["at"])).astimezone(zone)
        locale = LOCALES["zh" if place else "en"]
        facts["at"] = str(format_datetime(at, "long" if place else "medium", locale=locale))
    if "every" in facts:
        facts["every"] = _EVERY[str(facts["every"])][place]
        again = _AGAIN[place] if "at" in facts else ""
        return (said[place] + again).format_map(facts)
    return said[place].format_map(facts)


def tell_unlock(reason: Reason, language: str, currency: str) -> str | None:
    """Say what the member may do about it, where there is anything."""
    if reason.told is None:
        return None
    return unlock_sentence(reason.told.unlock, language, currency)
