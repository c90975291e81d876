"""Returns that name no order: which earlier sales of the same member they take back.

Pure, over plain data, and shared by the API and the import of history. Units are matched with the
latest unreturned lines of the same SKU, an amount with the latest unreturned money; what matches
nothing earned nothing here.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Sold:
    order: Hashable
    line_no: int
    units: int
    money: int


@dataclass(frozen=True, slots=True)
class Matched:
    """Units of one sold line, or money of it, that a return takes back."""

    order: Hashable
    line_no: int
    quantity: int
    amount: int = 0


@dataclass(slots=True)
class Shelf:
    """What one member bought and has not returned, in the order in which it was sold."""

    _by_sku: dict[str, list[_Sold]] = field(default_factory=dict)
    _sold: list[_Sold] = field(default_factory=list)

    def put(self, order: Hashable, line_no: int, sku: str, units: int, money: int) -> None:
        """Add a line that was shipped; call it in the order of the sales."""
        sold = _Sold(order, line_no, units, money)
        self._sold.append(sold)
        if sku:
            self._by_sku.setdefault(sku, []).append(sold)

    def take_back(self, order: Hashable, line_no: int, units: int, money: int) -> None:
        """Take off what a return that names its order gave back."""
        for sold in reversed(self._sold):
            if sold.order == order and sold.line_no == line_no:
                sold.units -= units
                sold.money -= money
                return

    def match(self, sku: str, quantity: int) -> tuple[list[Matched], int]:
        """Match units of a SKU with the latest sales of it; answers the units left over."""
        shelf = self._by_sku.get(sku, [])
        found: list[Matched] = []
        at = len(shelf)
        while quantity and at:
            at -= 1
            sold = shelf[at]
            taken = min(sold.units, quantity)
            if taken:
                found.append(Matched(sold.order, sold.line_no, taken))
                sold.money -= sold.money * taken // sold.units
                sold.units -= taken
                quantity -= taken
        while shelf and not shelf[-1].units:
            shelf.pop()
        return found, quantity

    def match_amount(self, amount: int) -> tuple[list[Matched], int]:
        """Match money with the latest sales of anything; answers the money left over."""
        found: list[Matched] = []
        at = len(self._sold)
        while amount and at:
            at -= 1
            sold = self._sold[at]
            taken = min(sold.money, amount)
            if taken > 0:
                found.append(Matched(sold.order, sold.line_no, 0, taken))
                sold.money -= taken
                amount -= taken
        while self._sold and self._sold[-1].money <= 0:
            self._sold.pop()
        return found, amount
