"""One value of a rule as the text of a field, and back."""

import re
from datetime import datetime
from typing import Final

from admin.language import Voice
from benefits import FieldKind
from loyalty.money import minor_units, written

_WHOLE: Final = re.compile(r"[0-9]{1,15}")
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,3})?")
_PLAIN: Final = frozenset(
    (
        FieldKind.TEXT,
        FieldKind.TEXTS,
        FieldKind.NAME,
        FieldKind.TIER,
        FieldKind.TIERS,
        FieldKind.WORD,
        FieldKind.WORDS,
        FieldKind.ZONE,
        FieldKind.TIME,
    )
)
_DECIMALS: Final = frozenset((FieldKind.PERCENT, FieldKind.MULTIPLIER))
_NUMBERS: Final = frozenset((FieldKind.NUMBER, FieldKind.NUMBERS))


class Unreadable(Exception):
    """The text is no value of its kind."""


def shown_text(kind: FieldKind, value: object, voice: Voice) -> str | None:
    """The text of a field that holds the value; None where it cannot hold it."""
    match value:
        case bool():
            return ("yes" if value else "no") if kind is FieldKind.BOOLEAN else None
        case int() if kind is FieldKind.MONEY:
            return written(value, voice.currency)
        case int():
            return str(value) if kind in _NUMBERS | _DECIMALS else None
        case str() if kind is FieldKind.INSTANT:
            return _local(value, voice)
        case str():
            return value if kind in _PLAIN | _DECIMALS else None
        case _:
            return None


def read_text(kind: FieldKind, text: str, voice: Voice) -> object:
    """The value that a text means. Raises Unreadable; what it may be is the language's to say."""
    text = text.strip()
    if kind in _PLAIN:
        return text
    if kind is FieldKind.BOOLEAN:
        return text == "yes"
    if kind is FieldKind.MONEY:
        return _money(text.replace(",", ""), voice.currency)
    if kind in _NUMBERS:
        if not _WHOLE.fullmatch(text):
            raise Unreadable
        return int(text)
    if kind in _DECIMALS:
        return int(text) if _WHOLE.fullmatch(text) else text
    return _instant(text, voice)


def _money(text: str, currency: str) -> int:
    try:
        return minor_units(text if _AMOUNT.fullmatch(text) else "", currency)
    except ValueError:
        raise Unreadable from None


def _local(text: str, voice: Voice) -> str | None:
    try:
        return f"{datetime.fromisoformat(text).astimezone(voice.zone):%Y-%m-%dT%H:%M}"
    except (ValueError, OverflowError):
        return None


def _instant(text: str, voice: Voice) -> str:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable from None
    return read.replace(tzinfo=read.tzinfo or voice.zone).isoformat()
