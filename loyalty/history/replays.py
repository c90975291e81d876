"""What of a file is recorded already: the same content is a replay, other content a conflict.

Pure: what is recorded was looked up before. Lines may come in any order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from loyalty.history.assembly import HistoricOrder
from loyalty.history.lookups import Known, KnownMember
from loyalty.orders.past import LineMarks


def money_of(order: HistoricOrder) -> str:
    """The count under which an order's money goes."""
    return "money_returned" if order.kind == "return" else "money_sold"


Sold = dict[str, UUID]
"""Our ids of the orders of a file, by the shop's."""

Lines = Mapping[str, tuple[str, str, int, int, LineMarks | None]]


class Conflict(NamedTuple):
    """An order that cannot be taken, and the column and reason to report it with."""

    order_id: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replays:
    """Tells what is new from what was recorded before."""

    known: Known
    recorded: Mapping[UUID, tuple[datetime, Lines]]

    def fresh(
        self,
        whose: KnownMember | None,
        orders: Sequence[HistoricOrder],
        counts: Counter[str],
        conflicts: list[Conflict],
    ) -> list[HistoricOrder]:
        """The orders and returns that are new; the others are counted or reported."""
        found: list[HistoricOrder] = []
        for order in orders:
            column = self._difference(whose, order)
            if column is None:
                found.append(order)
                counts["returns"] += order.kind == "return"
                counts["lines"] += len(order.lines)
                counts[money_of(order)] += sum(line.amount for line in order.lines)
            elif column:
                reason = f"order-conflict: recorded before with another {column}"
                conflicts.append(Conflict(order.order_id, column, reason))
            else:
                counts["replays"] += 1
        return found

    def _difference(self, whose: KnownMember | None, order: HistoricOrder) -> str | None:
        """The column that is recorded otherwise; empty for none; None when nothing is recorded."""
        if order.kind == "sale":
            return self._sale_difference(whose, order)
        return self._return_difference(whose, order)

    def _sale_difference(self, whose: KnownMember | None, order: HistoricOrder) -> str | None:
        name = self.known.orders.get(order.order_id)
        if name is None:
            return None
        if name.member != (whose.member.id if whose else None) or (order.member and not whose):
            return "member"
        placed_at, lines = self.recorded[name.id]
        if placed_at != order.instant:
            return "ordered_at"
        if lines.keys() != {line.line_id for line in order.lines}:
            return "line_id"
        for line_id, *asked in order.lines:
            for column, was, now in zip(_COLUMNS, lines[line_id], asked, strict=True):
                if was != now:
                    by_amount = column == "amount" and not order.by_line
                    return "order_amount" if by_amount else column
        return ""

    def _return_difference(self, whose: KnownMember | None, order: HistoricOrder) -> str | None:
        if whose is not None:
            owner = whose.member.id
        elif (sold := self.known.orders.get(order.returns_order_id)) is not None:
            owner = sold.id
        else:
            return None
        recorded = self.known.returns.get((owner, order.order_id))
        if recorded is None:
            return None
        if recorded.at != order.instant:
            return "ordered_at"
        if all(line.sku for line in order.lines):
            same = recorded.quantity == sum(line.quantity for line in order.lines)
            return "" if same else "quantity"
        same = recorded.amount == sum(line.amount for line in order.lines)
        return "" if same else ("amount" if order.by_line else "order_amount")


_COLUMNS = ("sku", "category", "quantity", "amount", "brand")
