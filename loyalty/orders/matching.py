"""What one member bought and has not returned, and finding a return's goods among it.

Pure, over plain data. Units are matched with the latest unreturned lines of the same SKU, an
amount with the latest unreturned money; what matches nothing earned nothing here. The latest is the
last by the instant of placing, then by the shop's id of the order, then by the line's number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(slots=True)
class _Sold:
    order: UUID
    line_no: int
    units: int
    money: int


@dataclass(frozen=True, slots=True)
class Matched:
    """Units of one sold line, or money of it, that a return takes back."""

    order: UUID
    line_no: int
    quantity: int
    amount: int = 0


@dataclass(slots=True)
class Shelf:
    """What one member bought and has not returned, in the order in which it was sold."""

    _by_sku: dict[str, list[_Sold]] = field(default_factory=dict)
    _sold: list[_Sold] = field(default_factory=list)

    def put(self, order: UUID, line_no: int, sku: str, units: int, money: int) -> None:
        """Add a line that was shipped; call it in the order of the sales."""
        sold = _Sold(order, line_no, units, money)
        self._sold.append(sold)
        if sku:
            self._by_sku.setdefault(sku, []).append(sold)

    def match(
        self, sku: str, quantity: int, order: UUID | None = None
    ) -> tuple[list[Matched], int]:
        """Match units of a SKU with the latest sales of it; answers the units left over."""
        found: list[Matched] = []
        shelf = self._by_sku.get(sku, [])
        for sold in _latest(shelf, order):
            taken = min(sold.units, quantity)
            if taken:
                found.append(Matched(sold.order, sold.line_no, taken))
                sold.money -= sold.money * taken // sold.units
                sold.units -= taken
                quantity -= taken
            if not quantity:
                break
        while shelf and not shelf[-1].units:
            shelf.pop()
        return found, quantity

    def match_amount(self, amount: int, order: UUID | None = None) -> tuple[list[Matched], int]:
        """Match money with the latest sales of anything; answers the money left over."""
        found: list[Matched] = []
        for sold in _latest(self._sold, order):
            taken = min(sold.money, amount)
            if taken > 0:
                found.append(Matched(sold.order, sold.line_no, 0, taken))
                sold.money -= taken
                amount -= taken
            if not amount:
                break
        while self._sold and self._sold[-1].money <= 0:
            self._sold.pop()
        return found, amount


def _latest(shelf: list[_Sold], order: UUID | None) -> Iterable[_Sold]:
    if order is None:
        return reversed(shelf)
    return (sold for sold in reversed(shelf) if sold.order == order)
