"""Reads what a request carries, strictly: no unknown field, no coercion, no unstorable text.

What is wrong is answered with a pointer into the request. A pointer beginning with `/query` or
`/header` names that part instead of the body.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from api.headers import header
from loyalty.errors import LoyaltyError

T = TypeVar("T")

MEDIA_TYPE: Final = "application/json"
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class BodyMalformed(LoyaltyError):
    """The body is not JSON: {seen}."""

    code = "malformed-json"
    seen: str


class MediaTypeUnsupported(LoyaltyError):
    """The body must be application/json, not {seen}."""

    code = "unsupported-media-type"
    seen: str


class RequestInvalid(LoyaltyError):
    """The request is not as it should be: {seen}."""

    code = "invalid-request"
    seen: str
    reason: str


async def body_of(request: Request[Any, Any, Any], type_: type[T]) -> T:
    """Return the body as the type; the first thing that is wrong is raised with its pointer."""
    given = header(request, b"content-type")
    if given.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise MediaTypeUnsupported(seen=given[:80] or "nothing")
    return read_body(await request.body(), type_)


def read_body(raw: bytes, type_: type[T]) -> T:
    """Return the bytes as the type."""
    try:
        read = msgspec.json.decode(raw, type=type_, strict=True)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), "") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BodyMalformed(seen=_plain(str(error))) from None
    if b"\\u0000" in raw:
        refuse_unstorable(msgspec.json.decode(raw), "")
    return read


def read_query(request: Request[Any, Any, Any], type_: type[T]) -> T:
    """Return the query string as the type; every parameter may be given once."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise RequestInvalid(
                pointer=f"/query/{_token(name)}", seen="given twice", reason="repeated"
            )
        given[name] = value
    refuse_unstorable(given, "/query")
    try:
        return msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), "/query") from None


def refuse_unstorable(value: object, pointer: str) -> None:
    """Refuse NUL and lone surrogates, which PostgreSQL's text cannot hold."""
    match value:
        case str():
            if _UNSTORABLE.search(value):
                raise RequestInvalid(
                    pointer=pointer, seen="NUL or a lone surrogate", reason="unstorable-text"
                )
        case dict():
            for name, part in value.items():
                here = f"{pointer}/{_token(name)}"
                refuse_unstorable(name, here)
                refuse_unstorable(part, here)
        case list():
            for place, part in enumerate(value):
                refuse_unstorable(part, f"{pointer}/{place}")
        case _:
            pass


@contextmanager
def within(pointer: str, *kinds: type[LoyaltyError]) -> Iterator[None]:
    """Point refusals of a document at the place where the request carries it."""
    try:
        yield
    except kinds as error:
        error.pointer = pointer + (error.pointer or "")
        raise


def _invalid(message: str, root: str) -> RequestInvalid:
    sentence, _, path = message.partition(" - at `")
    pointer = root + _pointer(path.rstrip("`"))
    for reason, pattern in _REASONS:
        found = pattern.search(sentence)
        if found:
            pointer += f"/{_token(found[1])}" if found.groups() else ""
            return RequestInvalid(pointer=pointer, seen=_plain(sentence), reason=reason)
    return RequestInvalid(pointer=pointer, seen=_plain(sentence), reason="malformed")


_REASONS: Final = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("unknown-field", r"^Object contains unknown field `(.+)`$"),
        ("missing-field", r"^Object missing required field `(.+)`$"),
        ("malformed-time", r"RFC3339|timezone component"),
        ("unknown-value", r"^Invalid (?:enum )?value"),
        ("out-of-range", r"^Expected .* (?:<=|>=|<|>|length|multiple)"),
        ("wrong-type", r"^Expected .*, got"),
    )
)
_STEP: Final = re.compile(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]")


def _pointer(path: str) -> str:
    steps = (name or place for name, place in _STEP.findall(path))
    return "".join(f"/{_token(step)}" for step in steps if step != "...")


def _token(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _plain(message: str) -> str:
    return message.encode("ascii", "replace").decode()[:200]
