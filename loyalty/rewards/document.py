"""Reads the terms of a reward from their plain JSON and writes them back. Pure.

The types of the fields are those of `Terms`; what a kind of reward needs beyond them is asked
here. The first thing that is wrong is refused with a pointer to it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import msgspec

from loyalty.policy.readers import CODE, LANGUAGE
from loyalty.rewards.errors import RewardMalformed
from loyalty.rewards.types import Every, Kind, Limit, Per, Span, Terms

MOST: Final = 10**12
MOST_LIMITS: Final = 10
LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 2_000
LONGEST_SKU: Final = 128
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_STEP: Final = re.compile(r"\.([^.\[\]`]+)|\[(\d+)\]")

Wanted = tuple[str, str, object]
"""Where something is wrong, what was expected there, and what stood there."""


def read_terms(document: Mapping[str, object], kind: Kind) -> Terms:
    """Return the terms that a document says; `RewardMalformed` points at what is wrong."""
    for pointer, known, given in (
        ("", Terms, document),
        ("/visible", Span, document.get("visible")),
        ("/available", Span, document.get("available")),
        *((f"/limits/{place}", Limit, one) for place, one in enumerate(_list(document))),
    ):
        _refuse_unknown(pointer, {one.name for one in fields(known)}, given)
    try:
        terms = terms_of(document)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$")
        pointer = "".join(f"/{name or place}" for name, place in _STEP.findall(path.rstrip("`")))
        raise RewardMalformed(wanted="another value", seen=sentence, pointer=pointer) from None
    for ask in _QUESTIONS:
        wrong = ask(terms, kind)
        if wrong is not None:
            pointer, wanted, seen = wrong
            raise RewardMalformed(wanted=wanted, seen=repr(seen)[:80], pointer=pointer)
    return terms


def terms_of(document: Mapping[str, object]) -> Terms:
    """Return the terms of a document that was read before, such as a stored one."""
    return msgspec.convert(document, Terms)


def document_of(terms: Terms) -> dict[str, Any]:
    """Return the document that `terms_of` reads back to the same terms."""
    document: dict[str, Any] = msgspec.to_builtins(terms)
    return document


def _list(document: Mapping[str, object]) -> list[object]:
    limits = document.get("limits")
    return limits if isinstance(limits, list) else []


def _refuse_unknown(pointer: str, known: set[str], given: object) -> None:
    if isinstance(given, Mapping):
        for name in given:
            if name not in known:
                wanted = f"one of {', '.join(sorted(known))}"
                raise RewardMalformed(wanted=wanted, seen=repr(name)[:80], pointer=pointer)


def _titles(terms: Terms, _: Kind) -> Wanted | None:
    if not terms.titles:
        return "/titles", "a title in some language", "nothing"
    for field, said, longest in (
        ("titles", terms.titles, LONGEST_TITLE),
        ("texts", terms.texts, LONGEST_TEXT),
    ):
        for language, text in said.items():
            if not LANGUAGE.fullmatch(language):
                return f"/{field}", "language tags as keys", language
            if not 1 <= len(text) <= longest or _UNPRINTABLE.search(text):
                return f"/{field}/{language}", f"1 to {longest} printable characters", text
    return None


def _prices(terms: Terms, _: Kind) -> Wanted | None:
    for field, least, most in (
        ("points", 1, MOST),
        ("money", 0, MOST),
        ("tax", 0, terms.money),
        ("regular", terms.money, MOST),
        ("rank", 0, 1_000_000),
    ):
        amount = getattr(terms, field)
        if amount is not None and not least <= amount <= most:
            return f"/{field}", f"a whole number from {least} to {most}", amount
    return None


def _codes(terms: Terms, _: Kind) -> Wanted | None:
    if terms.category is not None and not CODE.fullmatch(terms.category):
        return "/category", "a code such as kitchen", terms.category
    if terms.sku is not None and (
        not 1 <= len(terms.sku) <= LONGEST_SKU or _UNPRINTABLE.search(terms.sku)
    ):
        return "/sku", f"1 to {LONGEST_SKU} printable characters", terms.sku
    return None


_OWN: Final = {Kind.GOODS: "sku", Kind.VOUCHER: "definition", Kind.EVENT: "event_at"}
"""What each kind must say; `sku` alone may be said by others too."""


def _own_fields(terms: Terms, kind: Kind) -> Wanted | None:
    for owner, field in _OWN.items():
        given = getattr(terms, field)
        if owner is kind and given is None:
            return f"/{field}", f"a value, since it is of the kind {kind}", "nothing"
        if owner is not kind and given is not None and field != "sku":
            return f"/{field}", f"nothing, since it is of the kind {kind}", given
    return None


def _instants(terms: Terms, _: Kind) -> Wanted | None:
    named: dict[str, datetime | None] = {
        "/event_at": terms.event_at,
        "/visible/since": terms.visible.since,
        "/visible/until": terms.visible.until,
        "/available/since": terms.available.since,
        "/available/until": terms.available.until,
    }
    for pointer, at in named.items():
        if at is not None and at.utcoffset() is None:
            return pointer, "an instant with an offset", at.isoformat()
    for pointer, span in (("/visible", terms.visible), ("/available", terms.available)):
        if span.since is not None and span.until is not None and span.until <= span.since:
            return f"{pointer}/until", "an instant after since", span.until.isoformat()
    return None


def _limits(terms: Terms, _: Kind) -> Wanted | None:
    if len(terms.limits) > MOST_LIMITS:
        return "/limits", f"at most {MOST_LIMITS} limits", len(terms.limits)
    seen: set[tuple[Per, Every]] = set()
    for place, limit in enumerate(terms.limits):
        pointer = f"/limits/{place}"
        if not 1 <= limit.quantity <= MOST:
            return f"{pointer}/quantity", f"a whole number from 1 to {MOST}", limit.quantity
        if limit.per is Per.ALL and limit.every is Every.EVER:
            return f"{pointer}/every", "a period: for all time the stock is the limit", "ever"
        if (limit.per, limit.every) in seen:
            return pointer, "each limit once", f"{limit.per} {limit.every}"
        seen.add((limit.per, limit.every))
    return None


_QUESTIONS: Final[tuple[Callable[[Terms, Kind], Wanted | None], ...]] = (
    _titles,
    _prices,
    _codes,
    _own_fields,
    _instants,
    _limits,
)
