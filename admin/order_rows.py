"""Orders as rows of a table, with their state in a word and a colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.visit import Visit
from admin.words import ORDER_STATES, Badge, badge
from loyalty.orders.listing import Entry


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of a list."""

    entry: Entry
    state: Badge


def order_rows(visit: Visit, entries: Sequence[Entry]) -> list[OrderRow]:
    """The rows of a list of orders."""
    return [OrderRow(one, badge(visit.voice, ORDER_STATES, _state(one))) for one in entries]


def _state(entry: Entry) -> str:
    return "part-returned" if entry.returned and entry.state == "completed" else entry.state
