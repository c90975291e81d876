"""Reports of whoever bills: what moved, and what was paid out to the bank.

A row that is known by its id stays as it is. Of a file a row is the unit of rejection, and each
batch of rows is a transaction, so a run that is killed is resumed by running it again. What is
handed in as text is taken in one transaction, whole or not at all.
"""

import asyncio
import csv
import io
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cause import Cause, import_actor
from loyalty.history.assembly import Reject, Row
from loyalty.history.billed_rows import (
    CREATED,
    EFFECTIVE,
    MOVEMENTS,
    PAYOUTS,
    Adapter,
    demand_instant,
    read_movement,
    read_payout,
)
from loyalty.history.errors import ImportUnreadable, ReportRejected
from loyalty.history.sheets import (
    Cells,
    Columns,
    FaultError,
    Sheet,
    read_sheet,
    reject_of,
    sifting,
)
from loyalty.history.summary import figure
from loyalty.ids import new_id
from loyalty.policy import policy_at
from loyalty.reconciliation import Movement, Payout, TakenIn, take_movements, take_payouts

Progress = Callable[[str, int, int | None], None]
L = TypeVar("L", Movement, Payout)

BATCH: Final = 1_000
TAKING: Final = "lines taken in"
MOST_NAMED: Final = 100
OTHERWISE: Final = "this id is known with other figures"


@dataclass(frozen=True, slots=True)
class BillingSummary:
    """What a run came to; each row of the file is in exactly one of the first three figures."""

    new: int
    known: int
    rejected: int
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every row of the file is known now."""
        return not self.rejected

    def told(self) -> Iterator[str]:
        """Say each figure in a line."""
        yield figure(self.new + self.known + self.rejected, "rows in the file")
        yield figure(self.new, "taken in")
        yield figure(self.known, "were known before and are the same")
        yield figure(self.rejected, "rows rejected")
        yield figure(self.seconds, "seconds")


@dataclass(frozen=True, slots=True)
class _Kind(Generic[L]):
    """A kind of file: its columns, the one that says when, how a row is read and how it is kept."""

    columns: Columns
    when: str
    read: Callable[[Cells, ZoneInfo], L]
    take: Callable[[AsyncConnection, Cause, str, Sequence[L]], Awaitable[TakenIn]]


_PAYOUTS: Final = _Kind(PAYOUTS, EFFECTIVE, read_payout, take_payouts)


def _movements_of(adapter: Adapter) -> _Kind[Movement]:
    def read(cells: Cells, zone: ZoneInfo) -> Movement:
        return read_movement(cells, adapter, zone)

    return _Kind(MOVEMENTS, CREATED, read, take_movements)


async def import_movements(
    application: Application,
    path: Path,
    *,
    adapter: Adapter = "stripe",
    report: Progress = lambda *_: None,
) -> BillingSummary:
    """Take in what moved at whoever bills; rejected rows are written beside the file.

    Raises `ColumnsUnusable` and `ImportUnreadable`.
    """
    return await _bring(application, path, adapter, _movements_of(adapter), report)


async def import_payouts(
    application: Application, path: Path, *, report: Progress = lambda *_: None
) -> BillingSummary:
    """Take in what Stripe paid out to the bank; otherwise as `import_movements`."""
    return await _bring(application, path, "stripe", _PAYOUTS, report)


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is handed in: the text of its file, and who made it."""

    kind: Literal["movements", "payouts"]
    adapter: Adapter
    text: str


async def take_report(connection: AsyncConnection, cause: Cause, report: Report) -> TakenIn:
    """Take in a whole report, or nothing of it.

    Raises `ReportRejected`, which names every row and column at fault, `ColumnsUnusable`, and
    `ImportUnreadable` for what is no table.
    """
    zone = (await policy_at(connection, cause.at)).zone
    if report.kind == "payouts":
        return await _take_whole(connection, cause, report, _PAYOUTS, zone)
    return await _take_whole(connection, cause, report, _movements_of(report.adapter), zone)


async def _take_whole(
    connection: AsyncConnection, cause: Cause, report: Report, kind: _Kind[L], zone: ZoneInfo
) -> TakenIn:
    good, known, bad = await asyncio.to_thread(_read_whole, report.text, kind, zone)
    _refuse(bad)
    lines = [line for _, line in good.values()]
    new = 0
    for start in range(0, len(lines), BATCH):
        done = await kind.take(connection, cause, report.adapter, lines[start : start + BATCH])
        bad += [_known_otherwise(good[id_][0]) for id_ in done.differing]
        new, known = new + done.new, known + done.known
    _refuse(bad)
    return TakenIn(new=new, known=known)


def _read_whole(
    text: str, kind: _Kind[L], zone: ZoneInfo
) -> tuple[dict[str, tuple[Row, L]], int, list[Reject]]:
    broken: list[Reject] = []
    try:
        file = io.StringIO(text.removeprefix("\ufeff"), newline="")
        sheet, rows = read_sheet(file, kind.columns, broken.append)
        demand_instant(sheet, kind.when)
        good, known, bad = _read(list(rows), sheet, kind.read, zone)
    except csv.Error as error:
        raise ImportUnreadable(problem=str(error)) from error
    return good, known, broken + bad


def _refuse(bad: Sequence[Reject]) -> None:
    if not bad:
        return
    ordered = sorted(bad, key=lambda reject: reject.row.number)
    row, _, reason = ordered[0]
    refused = ReportRejected(rows=len(bad), row=row.number, reason=reason)
    refused.faults = [
        (f"/report/{one.row.number}/{one.column}".rstrip("/"), one.reason)
        for one in ordered[:MOST_NAMED]
    ]
    raise refused


async def _bring(
    application: Application, path: Path, adapter: Adapter, kind: _Kind[L], report: Progress
) -> BillingSummary:
    begun, run = time.monotonic(), str(new_id())
    cause = Cause(application.clock.now(), import_actor(run), run)
    database = application.database
    new = known = 0
    async with database.read() as connection:
        zone = (await policy_at(connection, cause.at)).zone
    async with sifting(path, kind.columns) as (sheet, rows, rejected):
        demand_instant(sheet, kind.when)
        while part := list(islice(rows, BATCH)):
            good, again, bad = _read(part, sheet, kind.read, zone)
            lines = [line for _, line in good.values()]
            done = await database.write(kind.take, cause, adapter, lines)
            bad += [_known_otherwise(good[id_][0]) for id_ in done.differing]
            rejected.add(bad)
            new, known = new + done.new, known + done.known + again
            report(TAKING, len(part), None)
    return BillingSummary(new, known, rejected.rows, time.monotonic() - begun)


def _read(
    rows: Sequence[Row], sheet: Sheet, read: Callable[[Cells, ZoneInfo], L], zone: ZoneInfo
) -> tuple[dict[str, tuple[Row, L]], int, list[Reject]]:
    """Read rows by their ids; how many say the same again, and which cannot be taken."""
    good: dict[str, tuple[Row, L]] = {}
    again, bad = 0, []
    for row in rows:
        try:
            line = read(sheet.cells(row), zone)
        except FaultError as fault:
            bad.append(reject_of(row, fault))
            continue
        _, first = good.setdefault(line.id, (row, line))
        if first != line:
            bad.append(_known_otherwise(row))
        elif good[line.id][0] is not row:
            again += 1
    return good, again, bad


def _known_otherwise(row: Row) -> Reject:
    return Reject(row, "balance_transaction_id", OTHERWISE)
