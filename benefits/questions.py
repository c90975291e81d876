"""Questions as plain JSON values, and back. Pure; what has its default is left out."""

from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime
from inspect import signature
from typing import Any, cast
from uuid import UUID

from benefits.counted import Limit, Used
from benefits.types import (
    Cart,
    Facts,
    Line,
    MemberPrice,
    PointsTerms,
    PresentedVoucher,
    Question,
)

Document = dict[str, object]
# What was written by `question_document`: its values have the types of the dataclasses.
_Stored = Mapping[str, Any]


def question_document(question: Question) -> Document:
    """A question as plain JSON values."""
    return {"cart": cart_document(question.cart), **terms_document(question)}


def terms_document(question: Question) -> Document:
    """All of a question but the cart: what a quote carries, as the cart is sent again."""
    return {
        "at": question.at.isoformat(),
        "facts": facts_document(question.facts),
        "vouchers": [_voucher_document(voucher) for voucher in question.vouchers],
        "prices": [[p.price_list, p.sku, p.amount] for p in question.prices],
        "points": _said(question.points),
        **({"used": [list(each) for each in question.used]} if question.used else {}),
        **({} if question.event is None else {"event": question.event}),
        **({"stopped": list(question.stopped)} if question.stopped else {}),
    }


def question_from(document: object) -> Question:
    """The question of such a document."""
    stored = cast("_Stored", document)
    return terms_from(stored, cart_from(stored["cart"]))


def terms_from(stored: _Stored, cart: Cart) -> Question:
    """The question of such terms about a cart that is sent again."""
    return Question(
        cart=cart,
        at=datetime.fromisoformat(stored["at"]),
        facts=facts_from(stored["facts"]),
        vouchers=tuple(_voucher_from(each) for each in stored["vouchers"]),
        prices=tuple(MemberPrice(*each) for each in stored["prices"]),
        points=PointsTerms(**stored["points"]),
        used=tuple(Used(*each) for each in stored.get("used", ())),
        event=stored.get("event"),
        stopped=tuple(stored.get("stopped", ())),
    )


def cart_document(cart: Cart) -> Document:
    """A cart as plain JSON values."""
    document = _said(cart)
    document["lines"] = [_line_document(line) for line in cart.lines]
    return document


def cart_from(document: Mapping[str, object]) -> Cart:
    """The cart of such a document."""
    stored: dict[str, Any] = dict(document)
    stored["lines"] = tuple(_line_from(line) for line in stored["lines"])
    return Cart(**stored)


def facts_document(facts: Facts) -> Document:
    """Facts as plain JSON values."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in _said(facts).items()
    }


def facts_from(document: Mapping[str, object]) -> Facts:
    """The facts of such a document."""
    stored: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    return Facts(**stored)


def _line_document(line: Line) -> Document:
    document = _said(line)
    if line.tags:
        document["tags"] = list(line.tags)
    return document


def _line_from(document: _Stored) -> Line:
    if "tags" in document:
        return Line(**{**document, "tags": tuple(document["tags"])})
    return Line(**document)


def _voucher_document(voucher: PresentedVoucher) -> Document:
    document = _said(voucher)
    for name in ("id", "member"):
        if name in document:
            document[name] = str(document[name])
    if voucher.skus:
        document["skus"] = list(voucher.skus)
    if voucher.limits:
        document["limits"] = [list(astuple(each)) for each in voucher.limits]
    return document


def _voucher_from(document: _Stored) -> PresentedVoucher:
    stored = dict(document)
    for name in ("id", "member"):
        if name in stored:
            stored[name] = UUID(stored[name])
    stored["skus"] = tuple(stored.get("skus", ()))
    stored["limits"] = tuple(Limit(*each) for each in stored.get("limits", ()))
    return PresentedVoucher(**stored)


def _said(value: Line | Cart | Facts | PointsTerms | PresentedVoucher) -> Document:
    """The fields that differ from their defaults."""
    return {
        name: said
        for name, default in _DEFAULTS[type(value)]
        if (said := getattr(value, name)) != default
    }


_DEFAULTS: dict[type, tuple[tuple[str, object], ...]] = {
    kind: tuple((each.name, each.default) for each in signature(kind).parameters.values())
    for kind in (Line, Cart, Facts, PointsTerms, PresentedVoucher)
}
