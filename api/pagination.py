"""Pages by key, not by number: a cursor is opaque, signed, and bound to the list it came from.

Rows that are added while somebody pages neither repeat nor hide others.
"""

from datetime import timedelta
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from api.auth import ApiRequest, application_of
from api.bodies import RequestInvalid
from api.writing import now_of
from loyalty.signing import TokenExpired, TokenMalformed

T = TypeVar("T")

DEFAULT_LIMIT: Final = 50
MOST: Final = 200
GOOD_FOR: Final = timedelta(days=1)

Limit = Annotated[int, Meta(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str, Meta(min_length=1, max_length=2000, description="next of the last page.")]


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of a list."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


class Page(Struct, Generic[T], frozen=True):
    """A part of a list; `next` is the cursor of the following part, null on the last one."""

    items: list[T]
    next: str | None = None


def sign_cursor(request: ApiRequest, list_: str, key: object) -> str:
    """Return the cursor that continues the list after the key."""
    signing = application_of(request).signing
    return signing.sign(
        "cursor", {"list": list_, "key": key}, expires_at=now_of(request) + GOOD_FOR
    )


def read_cursor(request: ApiRequest, list_: str, cursor: str | None, type_: type[T]) -> T | None:
    """Return the key in the cursor of this list, or None for the first page."""
    if cursor is None:
        return None
    try:
        claims: dict[str, Any] = application_of(request).signing.verify(
            "cursor", cursor, at=now_of(request)
        )
        if claims["list"] == list_:
            return msgspec.convert(claims["key"], type_)
    except (TokenMalformed, TokenExpired, msgspec.ValidationError):
        pass
    raise RequestInvalid(
        pointer="/query/after", seen="not a cursor of this list", reason="malformed-cursor"
    )
