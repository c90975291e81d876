"""The journal as CSV: a row for each line of an entry, for programs and for pivot tables. Pure."""

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO, Final

from loyalty.exports.types import Entry, Line
from loyalty.exports.writing import Head, instant
from loyalty.ids import show

COLUMNS: Final = (
    *("entry", "booked_on", "effective_at", "journal", "kind", "reason", "order"),
    *("account", "account_name", "commodity", "debit", "credit", "opens", "class", "lot"),
)


class CommaWriter:
    """Writes RFC 4180 in UTF-8; the headings are the same in every language."""

    def __init__(self, out: BinaryIO, head: Head) -> None:
        self._out = out
        self._head = head

    def begin(self) -> None:
        """Write the headings."""
        self._write([COLUMNS])

    def add(self, entries: Sequence[Entry]) -> None:
        """Write a row for each line."""
        self._write([row for entry in entries for row in self._rows(entry)])

    def end(self) -> None:
        """Nothing stands after the entries."""

    def _rows(self, entry: Entry) -> list[tuple[str, ...]]:
        before = (
            str(entry.number),
            entry.booked_on.isoformat(),
            instant(entry.effective_at),
            "" if entry.journal is None else show("jrn", entry.journal),
            entry.kind,
            entry.reason,
            "" if entry.order is None else show("ord", entry.order),
        )
        return [(*before, *self._line(line)) for line in entry.lines]

    def _line(self, line: Line) -> tuple[str, ...]:
        figure = self._head.figure(abs(line.amount), line.commodity)
        return (
            line.account,
            self._head.title(line.account),
            line.commodity,
            figure if line.amount > 0 else "",
            figure if line.amount < 0 else "",
            line.opens,
            line.lot_class or "",
            "" if line.lot is None else show("lot", line.lot),
        )

    def _write(self, rows: Sequence[Sequence[str]]) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        self._out.write(text.getvalue().encode())
