"""Rows of a history file put together to orders, or refused with row, column and reason.

Pure. An order is the unit of rejection: one bad row refuses all rows of its order, and each is
reported.
Orders leave as plain tuples of text and integers, because they travel between processes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from loyalty.history.amounts import NotAnAmount, extended, has_third_decimal, minor_units
from loyalty.history.columns import TAGS_PARTED_BY, Columns
from loyalty.orders.past import LineMarks

TEXT_MAX: Final = 200
"""The longest id, SKU or category, in characters."""
QUANTITY_MAX: Final = 1_000_000
LINES_MAX: Final = 10_000
WHOLE_ORDER_LINE: Final = "1"
"""The line id of an order that the file gives as one amount."""

LONG_AGO: Final = datetime(1990, 1, 1, tzinfo=UTC)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    """One row as it stands in the file; `number` counts as a spreadsheet does, the header is 1."""

    number: int
    fields: list[str]


class HistoricLine(NamedTuple):
    """One line of an order: `amount` is what was paid for the whole quantity, in minor units."""

    line_id: str
    sku: str
    category: str
    quantity: int
    amount: int
    marks: LineMarks | None = None


class HistoricOrder(NamedTuple):
    """One order or return of a history file; `ordered_at` in microseconds since 1970-01-01 UTC."""

    order_id: str
    member: str
    ordered_at: int
    kind: str
    returns_order_id: str
    by_line: bool
    lines: tuple[HistoricLine, ...]

    @property
    def instant(self) -> datetime:
        """When it was ordered, aware, in UTC."""
        return instant_of(self.ordered_at)


class Reject(NamedTuple):
    """Why one row was not taken; `column` is empty when another row of its order is the cause."""

    row: Row
    column: str
    reason: str


@dataclass(slots=True)
class Assembler:
    """Turns the rows of one order into a `HistoricOrder`, counting what it had to mend."""

    columns: Columns
    currency: str
    exponent: int
    zone: tzinfo
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)

    def order(self, rows: Sequence[Row]) -> HistoricOrder | list[Reject] | None:
        """Give the order; or a reject for each of its rows; or None when nothing of it was left.

        A line of quantity 0 without money is dropped, and with it an order left without lines.
        """
        mended: Counter[str] = Counter()
        faults: dict[int, _FaultError] = {}
        lines = self._lines(rows, faults, mended)
        if faults:
            first = min(faults)
            other = _FaultError("", f"rejected with row {first} of the same order")
            found = [(row, faults.get(row.number, other)) for row in rows]
            return [Reject(row, fault.column, fault.reason) for row, fault in found]
        self.counts.update(mended)
        if not lines:
            self.counts["baskets_dropped"] += 1
            return None
        return self._finish(rows[0], lines)

    def _lines(
        self, rows: Sequence[Row], faults: dict[int, "_FaultError"], mended: Counter[str]
    ) -> list[HistoricLine]:
        lines: list[HistoricLine] = []
        seen: dict[str, int] = {}
        head = rows[0]
        for row in rows:
            try:
                self._check_shape(row)
                if row is head:
                    self._check_head(row, mended)
                elif head.number not in faults:
                    self._check_same(head, row)
                line = self._line(row, mended)
                if line is None:
                    continue
                _check_once(line, row, seen)
            except _FaultError as fault:
                faults[row.number] = fault
                continue
            lines.append(line)
        if not faults and len({not line.sku for line in lines}) > 1 and self._returned(head):
            mixed = "expected a SKU in every row of a return, or in none"
            faults[head.number] = _FaultError("sku", mixed)
        if len(lines) > LINES_MAX:
            most = f"expected at most {LINES_MAX} lines in one order, found {len(lines)}"
            faults[head.number] = _FaultError("order_id", most)
        return lines

    def _returned(self, row: Row) -> bool:
        return row.fields[self.columns.kind].strip().lower() == "return"

    def _finish(self, head: Row, lines: list[HistoricLine]) -> HistoricOrder:
        at = self.columns
        returns = head.fields[at.returns_order_id].strip() if at.returns_order_id >= 0 else ""
        return HistoricOrder(
            order_id=head.fields[at.order_id].strip(),
            member=head.fields[at.member].strip(),
            ordered_at=microseconds(self._instant(head.fields[at.ordered_at])[0]),
            kind=head.fields[at.kind].strip().lower(),
            returns_order_id=returns,
            by_line=at.by_line,
            lines=tuple(lines),
        )

    def _check_shape(self, row: Row) -> None:
        names, fields = self.columns.names, row.fields
        if len(fields) != len(names):
            raise _FaultError("", f"expected {len(names)} fields, found {len(fields)}")
        if not fields[self.columns.order_id].strip():
            raise _FaultError("order_id", "expected the shop's id of the order, found nothing")
        whole = "".join(fields)
        if whole.isprintable() and len(whole) <= TEXT_MAX:
            return
        for name, text in zip(names, fields, strict=True):
            if len(text) > TEXT_MAX:
                raise _FaultError(name, f"longer than {TEXT_MAX} characters")
            if any(map(_is_not_text, text)):
                raise _FaultError(name, "has characters that are not text in UTF-8")

    def _check_head(self, row: Row, mended: Counter[str]) -> None:
        at, fields = self.columns, row.fields
        kind = fields[at.kind].strip().lower()
        currency = fields[at.currency].strip().upper()
        if kind not in ("sale", "return"):
            raise _FaultError("kind", f"expected sale or return, found {kind!r}")
        if currency != self.currency:
            raise _FaultError("currency", f"expected {self.currency}, found {currency!r}")
        if kind == "sale" and at.returns_order_id >= 0 and fields[at.returns_order_id].strip():
            raise _FaultError("returns_order_id", "only a return may name an order")
        try:
            instant, naive = self._instant(fields[at.ordered_at])
            possible = LONG_AGO <= instant <= self.now
        except (ValueError, OverflowError):
            expected = "expected an ISO 8601 time such as 2026-03-31T18:05:00+02:00"
            found = f"{expected}, found {fields[at.ordered_at]!r}"
            raise _FaultError("ordered_at", found) from None
        if not possible:
            expected = f"expected a time between {LONG_AGO.year} and now"
            raise _FaultError("ordered_at", f"{expected}, found {fields[at.ordered_at]!r}")
        mended["times_without_offset"] += naive

    def _check_same(self, head: Row, row: Row) -> None:
        """Every row of an order says the same of the order itself; a whole order is one row."""
        at = self.columns
        if not at.by_line:
            raise _FaultError("order_id", f"already stands in row {head.number}")
        for index in at.shared:
            if row.fields[index] != head.fields[index]:
                name = at.names[index]
                raise _FaultError(name, f"differs from row {head.number} of the same order")

    def _line(self, row: Row, mended: Counter[str]) -> HistoricLine | None:
        """Give the line of one row, or None for one that is nothing: no quantity and no money."""
        at, fields = self.columns, row.fields
        returned = self._returned(row)
        if at.order_amount >= 0:
            amount = self._amount(fields[at.order_amount], "order_amount", returned=returned)
            if returned and not amount:
                mended["lines_dropped"] += 1
                return None
            return HistoricLine(WHOLE_ORDER_LINE, "", "", 1, amount)
        quantity = _quantity(fields[at.quantity].strip(), returned=returned)
        if at.amount >= 0 and (at.unit_price < 0 or fields[at.amount].strip()):
            amount = self._amount(fields[at.amount], "amount", returned=returned)
        else:
            amount = self._extended(fields[at.unit_price], quantity, mended, returned=returned)
        if amount == 0 and (quantity == 0 or (returned and not fields[at.sku].strip())):
            mended["lines_dropped"] += 1
            return None
        if quantity == 0:
            mended["quantities_zero_with_money"] += 1
            quantity = 1
        line_id = fields[at.line_id].strip()
        if not line_id:
            raise _FaultError("line_id", "expected an id unique in the order, found nothing")
        sku, category = fields[at.sku].strip(), fields[at.category].strip()
        return HistoricLine(line_id, sku, category, quantity, amount, self._marks(fields))

    def _marks(self, fields: Sequence[str]) -> LineMarks | None:
        """What a line says of the product, if the file has columns for it."""
        at = self.columns
        if at.brand < 0 and at.tags < 0:
            return None
        brand = fields[at.brand].strip() if at.brand >= 0 else ""
        said = fields[at.tags] if at.tags >= 0 else ""
        tags = tuple(dict.fromkeys(filter(None, map(str.strip, said.split(TAGS_PARTED_BY)))))
        return (brand, tags) if brand or tags else None

    def _amount(self, text: str, column: str, *, returned: bool) -> int:
        text = text.strip()
        try:
            amount = minor_units(text, self.exponent)
        except NotAnAmount:
            expected = f"expected an amount with at most {self.exponent} decimals"
            raise _FaultError(column, f"{expected}, found {text!r}") from None
        return _positive(amount, column, text, returned=returned)

    def _extended(self, text: str, quantity: int, mended: Counter[str], *, returned: bool) -> int:
        """Quantity times unit price; of quantity 0, the unit price is the money of the line."""
        text = text.strip()
        try:
            amount = extended(text, quantity or 1, self.exponent)
            mended["third_decimals"] += has_third_decimal(text, self.exponent)
        except NotAnAmount:
            expected = f"expected a price whose line comes to {self.exponent} decimals"
            raise _FaultError("unit_price", f"{expected}, found {text!r}") from None
        return _positive(amount, "unit_price", text, returned=returned)

    def _instant(self, text: str) -> tuple[datetime, bool]:
        """Read an instant, and whether it had no offset and was taken in the programme's zone."""
        instant = datetime.fromisoformat(text.strip())
        if instant.tzinfo is None:
            return instant.replace(tzinfo=self.zone), True
        return instant, False


class _FaultError(Exception):
    """What is wrong with one column of a row."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def _check_once(line: HistoricLine, row: Row, seen: dict[str, int]) -> None:
    first = seen.setdefault(line.line_id, row.number)
    if first != row.number:
        raise _FaultError("line_id", f"already stands in row {first}")


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant_of(since: int) -> datetime:
    """The instant `since` microseconds after 1970-01-01 UTC."""
    return _EPOCH + timedelta(microseconds=since)


@lru_cache(maxsize=65_536)
def _quantity(text: str, *, returned: bool) -> int:
    digits = text.removeprefix("-") if returned else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(QUANTITY_MAX)):
        raise _FaultError("quantity", f"expected a whole number of at least 0, found {text!r}")
    quantity = int(digits)
    if quantity > QUANTITY_MAX:
        raise _FaultError("quantity", f"expected at most {QUANTITY_MAX}, found {text!r}")
    return quantity


def _positive(amount: int, column: str, text: str, *, returned: bool) -> int:
    if amount < 0 and not returned:
        raise _FaultError(column, f"expected 0 or more on a sale, found {text!r}")
    return abs(amount)


def _is_not_text(character: str) -> bool:
    return character < " " or "\ud800" <= character <= "\udfff"
