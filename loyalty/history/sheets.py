"""A file of rows under one header, each row a fact of its own: members, balances.

The first three columns of a rejects file are accepted and ignored, so that a mended one can be
imported as it is.
"""

import asyncio
import csv
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from gzip import BadGzipFile
from pathlib import Path
from typing import Final

from loyalty.history.assembly import TEXT_MAX, Reject, Row
from loyalty.history.columns import REPORT, ColumnsUnusable
from loyalty.history.errors import ImportUnreadable
from loyalty.history.folder import spool_folder
from loyalty.history.rejects import Rejected, rejects_path
from loyalty.history.staging import open_text

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
YES: Final = frozenset({"yes", "true", "1", "y"})
NO: Final = frozenset({"no", "false", "0", "n"})


class FaultError(Exception):
    """What is wrong with one column of a row."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sheet:
    """The header of a file: what each column is called and where it stands."""

    names: tuple[str, ...]
    place: Mapping[str, int]

    def cells(self, row: Row) -> "Cells":
        """Return the row by the names of its columns, or raise `FaultError`."""
        if len(row.fields) != len(self.names):
            reason = f"expected {len(self.names)} fields, found {len(row.fields)}"
            raise FaultError("", reason)
        for name, place in self.place.items():
            text = row.fields[place]
            if len(text) > TEXT_MAX:
                raise FaultError(name, f"longer than {TEXT_MAX} characters")
            if any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in text):
                raise FaultError(name, "has characters that are not text in UTF-8")
        return Cells({name: row.fields[place].strip() for name, place in self.place.items()})


@dataclass(frozen=True, slots=True)
class Cells:
    """One row by the names of its columns; a column that the file does not have is empty."""

    texts: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return what stands there, which may be nothing."""
        return self.texts.get(name, "")

    def wanted(self, name: str, what: str) -> str:
        """Return what stands there, or raise `FaultError` when nothing does."""
        found = self.text(name)
        if not found:
            raise FaultError(name, f"expected {what}, found nothing")
        return found

    def yes(self, name: str) -> bool | None:
        """Return yes or no, or None for nothing."""
        found = self.text(name).lower()
        if not found:
            return None
        if found not in YES | NO:
            raise FaultError(name, f"expected yes or no, found {found!r}")
        return found in YES

    def instant(self, name: str, zone: tzinfo) -> datetime | None:
        """Return an instant; one without an offset is in the programme's zone."""
        found = self.text(name)
        if not found:
            return None
        try:
            instant = datetime.fromisoformat(found)
            return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            expected = "expected an ISO 8601 time such as 2026-03-31T18:05:00+02:00"
            raise FaultError(name, f"{expected}, found {found!r}") from None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a kind of file has; a name may also begin with one of the prefixes.

    What begins as in `passed` may be there as well, and nobody looks at it.
    """

    kind: str
    required: Sequence[str]
    optional: Sequence[str] = ()
    prefixes: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    def read(self, header: Sequence[str]) -> Sheet:
        """Find every column, or raise `ColumnsUnusable`: missing, unknown or doubled."""
        names = tuple(name.strip().lower() for name in header)
        known = {*self.required, *self.optional, *REPORT}
        _refuse("appears twice", [name for name in dict.fromkeys(names) if names.count(name) > 1])
        _refuse(
            f"is not a column of a file of {self.kind}",
            [
                name
                for name in names
                if name not in known and not name.startswith((*self.prefixes, *self.passed))
            ],
        )
        _refuse("is missing", [name for name in self.required if name not in names])
        read = (
            (name, place)
            for place, name in enumerate(names)
            if name in known or not name.startswith(self.passed)
        )
        return Sheet(names, dict(read))


@contextmanager
def sheet_of(
    path: Path, columns: Columns, broken: Callable[[Reject], object]
) -> Iterator[tuple[Sheet, Iterator[Row]]]:
    """Open a file; rows that are no CSV are handed to `broken`.

    Raises `ColumnsUnusable` and `ImportUnreadable`.
    """
    try:
        with open_text(path) as file:
            yield read_sheet(file, columns, broken)
    except (OSError, EOFError, BadGzipFile, zlib.error) as error:
        raise ImportUnreadable(problem=str(error)) from error


def read_sheet(
    lines: Iterable[str], columns: Columns, broken: Callable[[Reject], object]
) -> tuple[Sheet, Iterator[Row]]:
    """Read a header and the rows under it; rows that are no CSV are handed to `broken`.

    Raises `ColumnsUnusable`.
    """
    reader = csv.reader(lines, strict=True)
    return columns.read(next(reader, [])), _numbered(reader, broken)


@asynccontextmanager
async def sifting(
    path: Path, columns: Columns
) -> AsyncIterator[tuple[Sheet, Iterator[Row], Rejected]]:
    """Open a file; what is rejected of it is written beside it when its reader has come to an end.

    Raises `ColumnsUnusable` and `ImportUnreadable`.
    """
    with spool_folder() as folder:
        rejected = Rejected(folder)
        with sheet_of(path, columns, lambda reject: rejected.add([reject])) as (sheet, rows):
            yield sheet, rows, rejected
            if rejected.rows:
                await asyncio.to_thread(rejected.write, rejects_path(path), sheet.names)


def reject_of(row: Row, fault: FaultError) -> Reject:
    """Return a row with what is wrong with it."""
    return Reject(row, fault.column, fault.reason)


def _numbered(reader: Iterator[list[str]], broken: Callable[[Reject], object]) -> Iterator[Row]:
    """Number the rows as a spreadsheet does; empty ones are passed over."""
    number = 1
    while True:
        number += 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            broken(Reject(Row(number, []), "", f"is not CSV: {error}"))
            continue
        if fields:
            yield Row(number, fields)


def _refuse(what: str, columns: Sequence[str]) -> None:
    if columns:
        raise ColumnsUnusable(columns=", ".join(columns), problem=what)
