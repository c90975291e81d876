"""What a template is filled with: figures, names and instants as people write them. Pure.

Names come in the member's language where the programme has it, else in the programme's, else in
any. Instants are written with their time and zone, because a lapse happens at a moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from loyalty.money import written
from loyalty.outbox.notices import moved

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"en": "en", "zh": "zh_Hans_CN"})
"""The languages of the templates, and the locale in which figures are written in each."""

NOTICE_BEFORE: Final = timedelta(days=30)
"""Points that only lapse after a notice live at least so long after it."""

Names = Mapping[str, str]
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VoucherWords:
    """What a mail says of a voucher."""

    titles: Names
    code: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the programme calls things when a mail is made."""

    unit: Names
    zone: ZoneInfo
    language: str
    tiers: Mapping[str, Names]
    voucher: VoucherWords | None = None
    plans: Mapping[str, Names] = field(default_factory=dict)


def language_of(asked: str | None, programme: str) -> str:
    """Return the language to write in: the member's, else the programme's, else English."""
    for tag in (asked, programme):
        short = (tag or "").partition("-")[0]
        if short in LANGUAGES:
            return short
    return "en"


def words_of(data: Data, around: Surroundings, language: str, *, at: datetime) -> dict[str, object]:
    """Return everything that a template of this event may name."""
    words: dict[str, object] = {"unit": name_in(around.unit, language, around.language)}
    if "lots" in data:
        words |= _points(data, around, language, at)
    before, after = moved(data)
    if "to" in data:
        before, after = data["tier"], data["to"]
        words["day"] = _day(data["on"], language)
    if before is not None and after is not None:
        words |= {"before": _tier(before, around, language), "tier": _tier(after, around, language)}
    if "membership" in data:
        words |= _membership(data, around, language)
    if around.voucher is not None:
        ends = around.voucher.expires_at
        words |= {
            "title": name_in(around.voucher.titles, language, around.language),
            "code": around.voucher.code,
            "until": None if ends is None else _instant(ends, around.zone, language),
        }
    return words


def _membership(data: Data, around: Surroundings, language: str) -> dict[str, object]:
    """Say which plan it is, when something happens to it, and what is charged then."""
    names = around.plans.get(data["plan"])
    plan = data["plan"] if not names else name_in(names, language, around.language)
    words: dict[str, object] = {"plan": plan}
    for when in ("ends_at", "renews_at", "grace_ends_at", "ended_at"):
        if when in data:
            words["at"] = _instant(datetime.fromisoformat(data[when]), around.zone, language)
    if "amount" in data:
        for figure in ("amount", "saved"):
            words[figure] = _money(data.get(figure), data["currency"], language)
    return words


def name_in(names: Names, language: str, otherwise: str) -> str:
    """Return a name in a language, else in the other, else in any."""
    return names.get(language) or names.get(otherwise) or next(iter(names.values()))


def _points(data: Data, around: Surroundings, language: str, at: datetime) -> dict[str, object]:
    """Sum the lots by the instant at which they really lapse if the member is told now."""
    ends: dict[datetime, int] = {}
    for lot in data["lots"]:
        end = datetime.fromisoformat(lot["expires_at"])
        if data["required"]:
            end = max(end, at + NOTICE_BEFORE)
        ends[end] = ends.get(end, 0) + lot["points"]
    lots: Sequence[Mapping[str, str]] = [
        {"points": _number(points, language), "at": _instant(end, around.zone, language)}
        for end, points in sorted(ends.items())
    ]
    return {"points": _number(sum(ends.values()), language), "lots": lots}


def _tier(code: str, around: Surroundings, language: str) -> str:
    names = around.tiers.get(code)
    return code if not names else name_in(names, language, around.language)


def _number(number: int, language: str) -> str:
    return str(format_decimal(number, locale=LANGUAGES[language]))


def _instant(at: datetime, zone: ZoneInfo, language: str) -> str:
    return str(format_datetime(at, "long", tzinfo=zone, locale=LANGUAGES[language]))


def _money(amount: int | None, currency: str, language: str) -> str | None:
    """Write an amount; there is nothing to say of none."""
    if not amount:
        return None
    major = Decimal(written(amount, currency))
    return str(format_currency(major, currency, locale=LANGUAGES[language]))


def _day(text: str, language: str) -> str:
    return str(format_date(date.fromisoformat(text), "long", locale=LANGUAGES[language]))
