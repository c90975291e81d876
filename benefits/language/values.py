"""Reading one value of a rule document: the type, the range, the words. Total and strict.

Every reader takes what JSON may hold and either answers the typed value or raises a refusal with
the pointer to it. Nothing is coerced: "5" is no number and 1 is no boolean.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from benefits.errors import (
    MissingField,
    NegativePrice,
    PercentOutOfRange,
    RuleTooLarge,
    UnknownField,
    UnknownTier,
    UnknownWord,
    ValueOutOfRange,
    WrongType,
)
from benefits.language.nodes import MAX_TEXT, MAX_VALUES, Field
from benefits.records import Vocabulary

_TYPES = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a decimal point",
    type(None): "null",
}
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_DECIMAL = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,2})?")
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MINUTES_OF_A_DAY = 24 * 60
_LONGEST_NAME = 64
_HUNDRED = 100_00
_YEARS = range(1970, 9001)


def escape(name: str) -> str:
    """One step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def a(value: object) -> str:
    """What a value is, in words."""
    return _TYPES.get(type(value), "something that is not JSON")


def read_object(value: object, pointer: str) -> Mapping[str, object]:
    """An object whose names are text."""
    if not isinstance(value, Mapping):
        raise WrongType(pointer=pointer, seen=a(value), wanted="an object")
    for name in value:
        if not isinstance(name, str):
            raise WrongType(pointer=pointer, seen=a(name), wanted="text as the name of a field")
    return cast("Mapping[str, object]", value)


def read_list(value: object, pointer: str, *, most: int = MAX_VALUES) -> list[object]:
    """A list that is neither empty nor too long."""
    if not isinstance(value, list | tuple):
        raise WrongType(pointer=pointer, seen=a(value), wanted="a list")
    if not value:
        raise ValueOutOfRange(pointer=pointer, seen="an empty list", wanted="at least one entry")
    if len(value) > most:
        raise RuleTooLarge(pointer=pointer, wanted=most, seen=len(value), unit="values in a list")
    return list(value)


def refuse_unknown_fields(
    document: Mapping[str, object], fields: tuple[Field, ...], pointer: str
) -> None:
    """Refuse a name that is not in the list, and the lack of a required one."""
    names = [field.name for field in fields]
    for name in document:
        if name not in names:
            raise UnknownField(
                pointer=f"{pointer}/{escape(name)}",
                seen=name[:MAX_TEXT],
                wanted=", ".join(names),
            )
    for field in fields:
        if field.required and field.name not in document:
            raise MissingField(pointer=pointer, wanted=field.name)


def read_text(value: object, pointer: str, *, longest: int = MAX_TEXT) -> str:
    """Text without control characters, of a bounded length."""
    if not isinstance(value, str):
        raise WrongType(pointer=pointer, seen=a(value), wanted="text")
    if not 1 <= len(value) <= longest:
        raise ValueOutOfRange(
            pointer=pointer,
            seen=f"{len(value)} characters",
            wanted=f"1 to {longest} characters",
        )
    if _UNPRINTABLE.search(value):
        raise ValueOutOfRange(
            pointer=pointer, seen="a control character", wanted="printable characters"
        )
    return value


def read_name(value: object, pointer: str) -> str:
    """A name of ours: lower case letters, digits, dashes."""
    name = read_text(value, pointer, longest=_LONGEST_NAME)
    if not _NAME.fullmatch(name):
        raise ValueOutOfRange(
            pointer=pointer,
            seen=f'"{name}"',
            wanted="lower case letters and digits joined by single dashes",
        )
    return name


def read_word(value: object, pointer: str, choices: tuple[str, ...]) -> str:
    """One of a closed list of words."""
    word = read_text(value, pointer)
    if word not in choices:
        raise UnknownWord(pointer=pointer, seen=word, wanted=", ".join(choices))
    return word


def read_tier(value: object, pointer: str, vocabulary: Vocabulary) -> str:
    """A tier of the ladder."""
    tier = read_text(value, pointer)
    if vocabulary.tiers is not None and tier not in vocabulary.tiers:
        wanted = ", ".join(vocabulary.tiers) or "no tiers"
        raise UnknownTier(pointer=pointer, seen=tier, wanted=wanted)
    return tier


def read_number(value: object, pointer: str, field: Field) -> int:
    """A whole number within the field's range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType(pointer=pointer, seen=a(value), wanted="a whole number")
    if not field.minimum <= value <= field.maximum:
        raise ValueOutOfRange(
            pointer=pointer,
            seen=_short(value),
            wanted=f"a whole number from {field.minimum} to {field.maximum}",
        )
    return value


def read_money(value: object, pointer: str, field: Field) -> int:
    """Minor units of money, never negative."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType(
            pointer=pointer, seen=a(value), wanted="a whole number of minor units of money"
        )
    if value < 0:
        raise NegativePrice(pointer=pointer, seen=_short(value))
    return read_number(value, pointer, field)


def read_hundredths(value: object, pointer: str) -> int:
    """A decimal with at most two places, as hundredths; fractions are written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        wanted = 'a whole number, or text such as "12.5"'
        raise WrongType(pointer=pointer, seen=a(value), wanted=wanted)
    text = _short(value)
    if not _DECIMAL.fullmatch(text):
        raise ValueOutOfRange(
            pointer=pointer, seen=f'"{text[:32]}"', wanted='a decimal such as "12.5"'
        )
    whole, _, fraction = text.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def read_percent(value: object, pointer: str) -> int:
    """A percentage above 0 and at most 100, in hundredths."""
    try:
        percent = read_hundredths(value, pointer)
    except ValueOutOfRange as error:
        raise PercentOutOfRange(pointer=pointer, seen=_short(value)[:32]) from error
    if not 0 < percent <= _HUNDRED:
        raise PercentOutOfRange(pointer=pointer, seen=_short(value))
    return percent


def read_multiplier(value: object, pointer: str) -> int:
    """A factor above 0 and at most 100, in hundredths."""
    multiplier = read_hundredths(value, pointer)
    if not 0 < multiplier <= _HUNDRED:
        raise ValueOutOfRange(
            pointer=pointer, seen=_short(value), wanted="a factor above 0 and at most 100"
        )
    return multiplier


def read_boolean(value: object, pointer: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongType(pointer=pointer, seen=a(value), wanted="true or false")
    return value


def read_instant(value: object, pointer: str) -> datetime:
    """An instant with an offset."""
    text = read_text(value, pointer)
    try:
        instant = datetime.fromisoformat(text)
        offset = instant.utcoffset()
    except (ValueError, OverflowError):
        offset = None
    else:
        if offset is not None and instant.year in _YEARS:
            return instant
    raise ValueOutOfRange(
        pointer=pointer, seen=f'"{text}"', wanted='an instant such as "2026-11-11T00:00:00+01:00"'
    )


def read_zone(value: object, pointer: str) -> str:
    """A time zone of the IANA database."""
    name = read_text(value, pointer)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        wanted = 'a time zone such as "Europe/Berlin"'
        raise ValueOutOfRange(pointer=pointer, seen=f'"{name}"', wanted=wanted) from error
    return name


def read_time(value: object, pointer: str) -> int:
    """A time of the day as minutes since midnight; 24:00 is its end."""
    text = read_text(value, pointer)
    match = _TIME.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else -1
    if not 0 <= minutes <= _MINUTES_OF_A_DAY:
        wanted = 'a time from "00:00" to "24:00"'
        raise ValueOutOfRange(pointer=pointer, seen=f'"{text}"', wanted=wanted)
    return minutes


def read_titles(value: object, pointer: str) -> dict[str, str]:
    """A language map: what people see, by language."""
    titles = read_object(value, pointer)
    for language in titles:
        if not _LANGUAGE.fullmatch(language):
            raise ValueOutOfRange(
                pointer=pointer, seen=f'"{language[:32]}"', wanted='languages such as "en" or "zh"'
            )
    return {
        language: read_text(title, f"{pointer}/{language}") for language, title in titles.items()
    }


def _short(value: object) -> str:
    """A value as text; a number with thousands of digits does not become a sentence."""
    if isinstance(value, int) and value.bit_length() > MAX_TEXT:
        return "a number of more than 38 digits"
    return str(value)
