"""Questions that a value in a policy's document must answer; a wrong answer names its place."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from loyalty.policy.errors import PolicyMalformed

T = TypeVar("T")

Document = Mapping[str, object]
Reader = Callable[[object, str], T]

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?")
CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
LONGEST_NAME: Final = 40


def malformed(pointer: str, wanted: str, seen: object) -> PolicyMalformed:
    """Say what was expected where, and what stood there."""
    return PolicyMalformed(pointer=pointer, wanted=wanted, seen=repr(seen)[:80])


def an_object(value: object, pointer: str) -> Document:
    """Demand an object."""
    if not isinstance(value, Mapping):
        raise malformed(pointer, "an object", value)
    return value


def fields_of(value: object, pointer: str, readers: Mapping[str, Reader[Any]]) -> dict[str, Any]:
    """Demand an object with these fields, all of them and no other, and read each."""
    given = an_object(value, pointer)
    for field in given:
        if field not in readers:
            raise malformed(f"{pointer}/{field}", "no such field", field)
    for field in readers:
        if field not in given:
            raise malformed(f"{pointer}/{field}", "a value", "nothing")
    return {field: read(given[field], f"{pointer}/{field}") for field, read in readers.items()}


def whole(least: int, most: int) -> Reader[int]:
    """Demand a whole number between two."""

    def read(value: object, pointer: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise malformed(pointer, f"a whole number from {least} to {most}", value)
        return value

    return read


def one_of(*allowed: str) -> Reader[str]:
    """Demand one of some words."""

    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise malformed(pointer, f"one of {', '.join(allowed)}", value)
        return value

    return read


def matching(pattern: re.Pattern[str], wanted: str) -> Reader[str]:
    """Demand text of a form."""

    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise malformed(pointer, wanted, value)
        return value

    return read


def or_none(reader: Reader[T]) -> Reader[T | None]:
    """Let null pass."""

    def read(value: object, pointer: str) -> T | None:
        return None if value is None else reader(value, pointer)

    return read


def yes_or_no(value: object, pointer: str) -> bool:
    """Demand true or false."""
    if not isinstance(value, bool):
        raise malformed(pointer, "true or false", value)
    return value


def names(value: object, pointer: str) -> Mapping[str, str]:
    """Demand names by language."""
    found: dict[str, str] = {}
    for language, name in an_object(value, pointer).items():
        if not LANGUAGE.fullmatch(language):
            raise malformed(f"{pointer}/{language}", "a language tag as key", language)
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
            raise malformed(
                f"{pointer}/{language}", f"a name of 1 to {LONGEST_NAME} characters", name
            )
        found[language] = name
    return found
