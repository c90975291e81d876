"""Which payments give money back: what is due of invoices, split over what has paid them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from loyalty.billing.projecting import CAME_BACK, MOVED_MONEY, Picture, Seen, payments_of

Part = Mapping[str, Any]
"""What is asked of one payment, as it is kept: `intent` (None where none has anything left),
`amount`, and `before`, the refunds that it had by then."""
NO_PAYMENT: Final = "no-payment-to-refund"
"""Why a part of what was due was not given back: no payment at Stripe had it left."""
WAITS: Final = tuple(timedelta(hours=hours) for hours in (6, 12, 24, 48))
"""How long a refused refund waits for its next try; after the last one a person looks at it."""


def parts_of(due: Mapping[str, int], picture: Picture) -> Sequence[Part]:
    """Split what is due of each invoice over its payments, the newest first, to the minor unit.

    No payment is asked for more than is left of it; what no payment has left stays a part.
    """
    left = {intent: _left(picture, intent, paid) for _, intent, paid in _payments(picture)}
    asked: dict[str | None, int] = {}
    rest = dict(due)
    for invoice, intent, paid in _payments(picture):
        part = min(rest.get(invoice, 0), paid, left[intent])
        if part > 0:
            asked[intent] = asked.get(intent, 0) + part
            left[intent] -= part
            rest[invoice] -= part
    if missing := sum(rest.values()):
        asked[None] = missing
    return [
        {
            "intent": intent,
            "amount": amount,
            "before": [one["id"] for one in _made(picture, intent)],
        }
        for intent, amount in asked.items()
    ]


def kept_parts(asked: Mapping[str, Any]) -> Sequence[Part]:
    """Return the parts that were kept with an ending; at first it was one payment for a charge."""
    if "refunds" in asked:
        return list(asked["refunds"])
    return [
        {"intent": one["intent"], "amount": one["net"] + one["tax"], "before": []}
        for one in asked["due"]
    ]


def missing_of(part: Part, made: Sequence[Seen]) -> int:
    """Return what of a part is not given back yet, by whomever, as its payment's refunds say."""
    back = standing([one for one in made if one["id"] not in part["before"]])
    return max(0, int(part["amount"]) - back)


def tried_again_at(attempt: int, code: str, asked_at: datetime) -> datetime | None:
    """Return when a refused refund is tried again by itself; None where a person has to look."""
    if code == NO_PAYMENT or attempt > len(WAITS):
        return None
    return asked_at + WAITS[attempt - 1]


def paid_in(picture: Picture) -> Mapping[str, int]:
    """Return what is left of every invoice of a subscription."""
    left: dict[str, int] = {}
    for invoice, intent, paid in _payments(picture):
        left[invoice] = left.get(invoice, 0) + _left(picture, intent, paid)
    return left


def standing(refunds: Sequence[Seen]) -> int:
    """Return what refunds gave back, but for those that did not reach the buyer."""
    back: int = sum(each["amount"] for each in refunds if each["status"] not in CAME_BACK)
    return back


def _payments(picture: Picture) -> Iterator[tuple[str, str, int]]:
    for owed in picture.invoices:
        for intent, paid in payments_of(owed):
            yield owed["id"], intent, paid


def _left(picture: Picture, intent: str, paid: int) -> int:
    disputed: int = sum(
        each["amount"]
        for each in picture.disputes.get(intent, ())
        if each["status"] in MOVED_MONEY and each["status"] != "won"
    )
    return max(0, paid - standing(_made(picture, intent)) - disputed)


def _made(picture: Picture, intent: str | None) -> Sequence[Seen]:
    return picture.refunds.get(intent, ()) if intent is not None else ()
