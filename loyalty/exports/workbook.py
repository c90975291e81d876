"""The journal as a workbook for people: one entry a day and kind, balances, accounts, and whence.

A year has hundreds of thousands of events and a sheet only so many rows, so the events of a day are
summed by kind, account and class; the CSV has each of them. Nothing but its content decides the
workbook's bytes: its date is fixed, and it is packed without compression, which every library of
every machine writes alike.
"""

import zipfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ledger import POINTS
from loyalty.exports.types import Entry
from loyalty.exports.writing import Head, instant, word
from loyalty.money import digits

_EPOCH: Final = datetime(1980, 1, 1, tzinfo=UTC)
_PACKED: Final = (1980, 1, 1, 0, 0, 0)

Group = tuple[str, str, str, str | None, bool, str]
"""Kind, account, ledger's account, class, whether it is a credit, commodity."""


class WorkbookWriter:
    """Writes four sheets; only the entries of one day are held at once."""

    def __init__(self, out: BinaryIO, head: Head, folder: Path) -> None:
        self._out = out
        self._head = head
        self._path = folder / f"unpacked-{head.export.number}.xlsx"
        self._book = xlsxwriter.Workbook(
            str(self._path),
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        self._book.set_properties({"created": _EPOCH.replace(tzinfo=None)})
        self._heading = self._book.add_format({"bold": True, "bottom": 1})
        self._formats = {
            POINTS: self._book.add_format({"num_format": "#,##0"}),
            head.currency: self._book.add_format({"num_format": _money_format(head.currency)}),
        }
        self._day: date | None = None
        self._groups: dict[Group, list[int]] = defaultdict(lambda: [0, 0])
        self._row = 0
        self._entry = 0

    def begin(self) -> None:
        """Write where the figures come from, and open the journal."""
        self._about()
        columns = ("entry", "booked-on", "kind", "account", "account-name", "opens", "class")
        self._journal = self._sheet(
            "journal", (*columns, "commodity", "debit", "credit", "entries")
        )
        self._row = 1

    def add(self, entries: Sequence[Entry]) -> None:
        """Sum the entries by day."""
        for entry in entries:
            if entry.booked_on != self._day:
                self._write_day()
                self._day = entry.booked_on
            for line in entry.lines:
                group = self._groups[
                    entry.kind,
                    line.account,
                    line.opens,
                    line.lot_class,
                    line.amount < 0,
                    line.commodity,
                ]
                group[0] += line.amount
                group[1] += 1

    def end(self) -> None:
        """Write balances and accounts, and pack the workbook."""
        self._write_day()
        self._balances()
        self._accounts()
        self._book.close()
        _pack(self._path, self._out)
        self._path.unlink()

    def _write_day(self) -> None:
        last_kind = None
        for group in sorted(self._groups, key=lambda one: (*one[:3], one[3] or "", *one[4:])):
            kind, account, opens, lot_class, credit, commodity = group
            amount, events = self._groups[group]
            if kind != last_kind:
                self._entry += 1
                last_kind = kind
            row: list[object] = [self._entry, str(self._day), kind, account]
            row += [self._head.title(account), opens, lot_class or "", commodity]
            self._put(self._journal, self._row, row)
            self._figure(self._journal, self._row, 9 if credit else 8, abs(amount), commodity)
            self._journal.write_number(self._row, 10, events)
            self._row += 1
        self._groups.clear()

    def _balances(self) -> None:
        columns = ("account", "account-name", "commodity", "opening", "closing")
        sheet = self._sheet("balances", columns)
        stands = self._head.stands
        for row, code in enumerate(self._head.account_map.accounts, 1):
            commodity = self._head.commodity_of(code)
            self._put(sheet, row, [code, self._head.title(code), commodity])
            for column, balances in ((3, stands.opening), (4, stands.closing)):
                amount = balances.get((code, commodity), 0)
                self._figure(sheet, row, column, amount, commodity)

    def _accounts(self) -> None:
        sheet = self._sheet("accounts", ("account", "type", "account-name"))
        for row, one in enumerate(self._head.account_map.accounts.values(), 1):
            kind = word(self._head.export.language, one.kind)
            self._put(sheet, row, [one.code, kind, one.names["en"], one.names["zh"]])

    def _about(self) -> None:
        export, head = self._head.export, self._head
        titles = head.account_map.titles[export.language]
        state = word(export.language, "provisional" if export.provisional else "closed")
        facts = (
            ("number", str(export.number)),
            ("period", f"{export.since} – {head.last_day}"),
            ("state", state),
            ("map", f"{titles} ({export.map} {export.map_version})"),
            ("currency", head.currency),
            ("requested-at", instant(export.requested_at)),
            ("seen", head.seen),
        )
        sheet = self._sheet("about", ())
        for row, (name, fact) in enumerate(facts):
            self._put(sheet, row, [word(export.language, name), fact])

    def _sheet(self, name: str, columns: Sequence[str]) -> Worksheet:
        sheet: Worksheet = self._book.add_worksheet(word(self._head.export.language, name))
        for place, column in enumerate(columns):
            sheet.write_string(0, place, word(self._head.export.language, column), self._heading)
        return sheet

    def _put(self, sheet: Worksheet, row: int, cells: Sequence[object]) -> None:
        for place, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, place, cell)
            else:
                sheet.write_string(row, place, str(cell))

    def _figure(self, sheet: Worksheet, row: int, column: int, amount: int, commodity: str) -> None:
        figure = Decimal(self._head.figure(amount, commodity))
        sheet.write_number(row, column, figure, self._formats[commodity])


def _money_format(currency: str) -> str:
    places = digits(currency)
    return "#,##0" + ("." + "0" * places if places else "")


def _pack(path: Path, out: BinaryIO) -> None:
    """Pack the parts again, uncompressed, with nothing of this machine in their headers."""
    with zipfile.ZipFile(path) as loose, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(loose.namelist(), key=lambda part: (part[0] != "[", part)):
            part = zipfile.ZipInfo(name, date_time=_PACKED)
            part.create_system = 0
            part.external_attr = 0o600 << 16
            with loose.open(name) as source, packed.open(part, "w") as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
