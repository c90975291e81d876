"""Languages of the pages: catalogues, the choice for one visitor, and numbers and dates in words.

English is the language of the source; every other language is a `.po` file under `locale/`, read
and compiled when the catalogues are built. A `Voice` is everything a page needs to speak to one
visitor: language, programme time zone and programme currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

LANGUAGES: Final[Mapping[str, Locale]] = MappingProxyType(
    {"en": Locale("en"), "zh": Locale("zh", script="Hans", territory="CN")},
)
"""Languages a page can be shown in, by the short name used in cookies and addresses."""

HTML_LANGUAGE: Final[Mapping[str, str]] = MappingProxyType({"en": "en", "zh": "zh-Hans"})
MINUS: Final = "\N{MINUS SIGN}"


def catalogues(folder: Path = Path(__file__).parent / "locale") -> Mapping[str, NullTranslations]:
    """Read and compile every catalogue once; English needs none."""
    read: dict[str, NullTranslations] = {}
    for name in LANGUAGES:
        source = folder / name / "console.po"
        if not source.exists():
            read[name] = NullTranslations()
            continue
        with source.open("rb") as opened:
            catalogue = read_po(opened, locale=name, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        read[name] = GNUTranslations(compiled)
    return MappingProxyType(read)


def choose(*, asked: str | None, remembered: str | None, accepted: str | None) -> str:
    """Pick the language: the address, then the cookie, then `Accept-Language`, then English."""
    for name in (asked, remembered):
        if name is not None and name in LANGUAGES:
            return name
    for name in _by_preference(accepted or ""):
        short = name.split("-")[0].lower()
        if short in LANGUAGES:
            return short
    return "en"


def _by_preference(accepted: str) -> list[str]:
    weighed: list[tuple[Decimal, int, str]] = []
    for position, part in enumerate(accepted[:512].split(",")):
        name, _, parameters = part.strip().partition(";")
        text = parameters.strip().removeprefix("q=") or "1"
        quality = Decimal(text) if text.replace(".", "", 1).isdecimal() else Decimal(0)
        if quality > 0:
            weighed.append((-quality, position, name))
    return [name for _, _, name in sorted(weighed)]


@dataclass(frozen=True, slots=True)
class Voice:
    """One visitor's language with the programme's time zone and currency."""

    name: str
    translations: NullTranslations
    zone: ZoneInfo
    currency: str
    assets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What people call each asset of the programme beside points, in each language."""

    @property
    def locale(self) -> Locale:
        """Return the locale whose customs numbers and dates follow."""
        return LANGUAGES[self.name]

    @property
    def html(self) -> str:
        """Return the value of the `lang` attribute."""
        return HTML_LANGUAGE[self.name]

    def asset(self, code: str) -> str:
        """Call an asset by its name in this language, in English, in any, or by its code."""
        names = self.assets.get(code, {})
        return names.get(self.name) or names.get("en") or next(iter(names.values()), code)

    def say(self, message: str, **facts: object) -> str:
        """Translate a sentence of ours and put its figures in."""
        text = self.translations.gettext(message)
        return text % facts if facts else text

    def count(self, one: str, many: str, number: int, **facts: object) -> str:
        """Translate a sentence whose wording depends on a number, shown as `%(number)s`."""
        text = self.translations.ngettext(one, many, number)
        return text % {"number": self.number(number), **facts}

    def number(self, value: int | Decimal) -> str:
        """Write a number in full with the language's separators and a true minus sign."""
        return format_decimal(value, locale=self.locale).replace("-", MINUS)

    def signed(self, value: int) -> str:
        """Write a change: always with its sign, so that the sign is never colour alone."""
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def percent(self, share: Decimal) -> str:
        """Write a share with at most one decimal."""
        return format_percent(share, format="#,##0.#%", locale=self.locale)

    def share(self, part: int, whole: int) -> str:
        """Write a part of a whole as a share; of nothing there is none."""
        return self.percent(Decimal(part) / whole) if whole else "\N{EN DASH}"

    def money(self, minor: int, currency: str | None = None) -> str:
        """Write an amount given in minor units in the currency's own digits."""
        code = currency or self.currency
        major = Decimal(minor).scaleb(-get_currency_precision(code))
        return format_currency(major, code, locale=self.locale).replace("-", MINUS)

    def day(self, value: date | datetime) -> str:
        """Write a date; of an instant, its date in the programme's time zone."""
        return format_date(self._here(value), format="medium", locale=self.locale)

    def month(self, value: date) -> str:
        """Write a month with its year."""
        skeleton = "MMM y" if self.name == "en" else "y年M月"
        return format_date(value, format=skeleton, locale=self.locale)

    def birthday(self, month: int, day: int) -> str:
        """Write a month and day without a year."""
        leap = date(2000, month, day)
        return format_skeleton("MMMd", leap, locale=self.locale)

    def short_month(self, value: date) -> str:
        """Write a month's short name, for the foot of a chart."""
        return format_date(value, format="LLL", locale=self.locale)

    def instant(self, value: datetime) -> str:
        """Write day and minute in the programme's time zone."""
        zone = self.zone
        return format_datetime(value, "medium", tzinfo=zone, locale=self.locale).rsplit(":", 1)[
            0
        ] + (_half_day(value, zone, self.locale))

    def _here(self, value: date | datetime) -> date:
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value


def _half_day(value: datetime, zone: ZoneInfo, locale: Locale) -> str:
    if "a" not in locale.time_formats["short"].pattern:
        return ""
    return " " + format_time(value, "a", tzinfo=zone, locale=locale)
