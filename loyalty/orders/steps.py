"""What the steps of an order share: what they asked, and what to do when it was asked before."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ledger import Outcome, demand
from loyalty.instants import tells
from loyalty.orders.completion import Asked
from loyalty.orders.errors import InstantOutOfOrder, OrderConflict
from loyalty.orders.types import Order, OrderState
from loyalty.orders.writing import Moved

#: What a hold that ended by itself answers when it is to be released or extended.
ENDED = frozenset({"hold-closed", "hold-too-small"})


def asked_text(lines: Sequence[Asked] | None) -> str:
    """Return what a step asked as canonical text; `{}` is everything that was open."""
    if lines is None:
        return "{}"
    asked = [[one.line_id, one.quantity, one.amount] for one in lines]
    return msgspec.json.encode({"lines": asked}).decode()


def conflict(step: str, fields: Mapping[str, tuple[str, str]]) -> None:
    """Raise `OrderConflict` for the first field that is recorded otherwise than asked."""
    for field, (recorded, asked) in fields.items():
        if recorded != asked:
            raise OrderConflict(step=step, field=field, seen=recorded[:200], wanted=asked[:200])


def same_instant(recorded: datetime | None, asked: datetime | None) -> tuple[str, str]:
    """Return both as text to compare; an instant that was not asked is the recorded one.

    So is one that a clock ahead of ours tells: it was recorded as the instant at which it came.
    """
    if asked is None or (recorded is not None and tells(asked, recorded)):
        return "", ""
    return "" if recorded is None else recorded.isoformat(), asked.isoformat()


def refuse_instant(field: str, at: datetime, *, since: datetime, now: datetime) -> None:
    """Refuse a step that is said to have happened before its order, or in time to come."""
    if not since <= at <= max(now, since):
        raise InstantOutOfOrder(
            field=field,
            seen=at.isoformat(),
            wanted=f"between {since.isoformat()} and now",
            pointer=f"/{field}",
        )


def moved(
    order: Order,
    state: OrderState,
    *,
    paid_at: datetime | None = None,
    hold_until: datetime | None = None,
) -> Moved:
    """Return how an order changes with a step; an order that has ended holds nothing."""
    until = hold_until or order.hold_until
    open_ = state is OrderState.OPEN
    return Moved(order.id, state.value, paid_at or order.paid_at, until if open_ else None)


def tolerated(outcome: Outcome) -> Outcome:
    """Answer the outcome, refused or not, where a hold may have ended by itself meanwhile."""
    return outcome if outcome.code in ENDED else demand(outcome)
