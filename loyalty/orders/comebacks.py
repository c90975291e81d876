"""A return that does not name its lines: which sales it takes back, and what matches nothing.

Pure, and the same for the API and for history. The caller fills a `Shelf` with what the member
bought and has not returned, in the order in which it was sold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from loyalty.orders.matching import Matched, Shelf
from loyalty.orders.returns import Asked, GivenBack


class ReturnedRow(NamedTuple):
    """Units of a SKU that came back, or without a SKU the money that was refunded."""

    sku: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class Comeback:
    """A return as somebody reports it; `order` is named where it is known."""

    name: str
    at: datetime
    rows: Sequence[ReturnedRow]
    order: UUID | None = None
    reason: str = "unspecified"


def rows_text(rows: Sequence[ReturnedRow]) -> str:
    """What a return without lines asked, as it is kept beside what matched nothing."""
    return msgspec.json.encode([list(row) for row in rows]).decode()


class Found(NamedTuple):
    """What a return takes back, by order, the latest first; and the rows that matched nothing."""

    orders: Mapping[UUID, Asked]
    unmatched: Sequence[tuple[int, ReturnedRow]]


def find_returned(
    shelf: Shelf, comeback: Comeback, line_ids: Mapping[UUID, Sequence[str]]
) -> Found:
    """Match a return with the latest unreturned sales, and take them off the shelf.

    `line_ids` tells a line's id by its order and number (from 1).
    """
    found: list[Matched] = []
    unmatched: list[tuple[int, ReturnedRow]] = []
    for line_no, row in enumerate(comeback.rows, start=1):
        if row.sku:
            parts, left = shelf.match(row.sku, row.quantity, comeback.order)
            rest = ReturnedRow(row.sku, left, row.amount * left // row.quantity)
        else:
            parts, left = shelf.match_amount(row.amount, comeback.order)
            rest = ReturnedRow("", 0, left)
        found += parts
        if left:
            unmatched.append((line_no, rest))
    by_order: dict[UUID, dict[int, GivenBack]] = {}
    for part in found:
        lines = by_order.setdefault(part.order, {})
        seen = lines.get(part.line_no)
        quantity = part.quantity + (seen.quantity if seen else 0)
        amount = part.amount + (seen.amount if seen else 0)
        line_id = line_ids[part.order][part.line_no - 1]
        lines[part.line_no] = GivenBack(line_id, quantity, amount)
    return Found(
        {
            order: Asked(lines=tuple(lines.values()), reason=comeback.reason)
            for order, lines in by_order.items()
        },
        unmatched,
    )
