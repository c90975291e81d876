"""What a chargeback takes back of an order: the money, and what it had earned.

Pure. The goods stay where they are, so points that were spent on them are given back only when the
goods come back after all. What the bank took beyond what was left to refund is a fact, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from benefits import spread
from loyalty.orders.aftersales.errors import NothingPaid
from loyalty.orders.completion import Step
from loyalty.orders.figures import NOTHING, Figures
from loyalty.orders.returns import ReturnPlan, share, taken_back
from loyalty.orders.types import History, LineStand, Return, ReturnedLine, ReturnKind


@dataclass(frozen=True, slots=True)
class ChargebackPlan:
    """A chargeback to record, the money it is about, and what of it was not there any more."""

    plan: ReturnPlan
    money: int
    over: int


def plan_chargeback(
    history: History, amount: int | None, reason: str, step: Step
) -> ChargebackPlan:
    """Plan a chargeback of an amount, or of all that was paid. Raises `NothingPaid`."""
    if not history.order.payable:
        raise NothingPaid
    stands = list(history.stands.values())
    shipping = history.shipping_left if history.completed else 0
    left = shipping + sum(stand.refundable for stand in stands)
    taken = left if amount is None else min(amount, left)
    if taken == left:
        lines = _all(stands)
    else:
        *amounts, shipping = spread(taken, [*(stand.refundable for stand in stands), shipping])
        lines = _some(stands, amounts)
    returned = Return(
        id=step.id,
        name=step.name,
        at=step.at,
        on=step.on,
        reason=reason,
        shipping=shipping,
        shipping_points=0,
        lines=tuple(lines),
        asked=chargeback_text(amount, reason),
        kind=ReturnKind.CHARGEBACK,
    )
    money = amount or left or history.order.payable
    return ChargebackPlan(
        ReturnPlan(returned, taken_back(history, returned)), money, (amount or taken) - taken
    )


def chargeback_text(amount: int | None, reason: str) -> str:
    """Return what a chargeback asked as canonical text; no amount is all that was paid."""
    return msgspec.json.encode({"amount": amount, "reason": reason}).decode()


def _all(stands: Sequence[LineStand]) -> list[ReturnedLine]:
    """Everything that is left of what was shipped."""
    parts = [(stand, _kept(stand.shipped_figures - stand.returned_figures)) for stand in stands]
    return [_line(stand, figures) for stand, figures in parts if figures != NOTHING]


def _some(stands: Sequence[LineStand], amounts: Sequence[int]) -> list[ReturnedLine]:
    return [
        _line(stand, _kept(share(stand, 0, part)))
        for stand, part in zip(stands, amounts, strict=True)
        if part
    ]


def _line(stand: LineStand, figures: Figures) -> ReturnedLine:
    return ReturnedLine(stand.line.line_no, 0, figures, figures.total)


def _kept(figures: Figures) -> Figures:
    """Leave the points where they were spent: the goods are still the buyer's."""
    return replace(figures, points=0, points_value=0)
