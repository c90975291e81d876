"""A past order as history brings it: shipped whole when it was placed. Pure.

It becomes an order of the kind that the API knows only when something of it comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from loyalty.orders.completion import Step, plan_whole
from loyalty.orders.figures import Figures
from loyalty.orders.returns import Asked, ReturnPlan, plan_return
from loyalty.orders.types import History, Line, Order, PricedBy

SHIPMENT_NAME: Final = "1"

LineMarks = tuple[str, tuple[str, ...]]
"""The brand and the tags of what a line sold; a line without either has none of these."""

PastLine = tuple[str, str, str, int, int, LineMarks | None]
"""Line id, SKU, category, quantity, the money paid for the whole quantity, and what it sold."""

UNMARKED: Final[LineMarks] = ("", ())


class Sale(NamedTuple):
    """One past order, shipped whole when it was placed; its ids are the caller's."""

    order: UUID
    shipment: UUID
    placed_at: datetime
    lines: Sequence[PastLine]


@dataclass(slots=True)
class Sold:
    """A sale with what it earned; it becomes an order only when something of it comes back."""

    sale: Sale
    on: date
    earned: Sequence[int] | None
    history: History | None = None

    def give_back(self, asked: Asked, step: Step, *, matched: bool = False) -> ReturnPlan:
        """Plan a return of it, after the returns planned before."""
        before = self.history or _history(self.sale, self.on, self.earned)
        plan = plan_return(before, asked, step, matched=matched)
        self.history = before.with_return(plan.returned)
        return plan


def _history(sale: Sale, on: date, earned: Sequence[int] | None) -> History:
    points = earned or [0] * len(sale.lines)
    lines = tuple(
        Line(
            line_no,
            line_id,
            sku,
            category,
            quantity,
            Figures(amount, amount, 0, 0, 0, amount, earn),
            brand=(marks or UNMARKED)[0],
            tags=(marks or UNMARKED)[1],
        )
        for line_no, ((line_id, sku, category, quantity, amount, marks), earn) in enumerate(
            zip(sale.lines, points, strict=True), start=1
        )
    )
    order = Order(
        member=sale.order,
        id=sale.order,
        guest=True,
        placed_at=sale.placed_at,
        placed_on=on,
        currency="",
        lines=lines,
        priced_by=PricedBy.SHOP,
    )
    whole = Step(sale.shipment, SHIPMENT_NAME, sale.placed_at, on)
    return History(order, (plan_whole(order, whole),))
