"""Reports of whoever bills, from files: what moved, and what was paid out to the bank.

A row is the unit of rejection, and one that is known by its id stays as it is. Each batch of rows
is a transaction, so a run that is killed is resumed by running it again.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Generic, TypeVar
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
from loyalty.history.sheets import Cells, Columns, FaultError, Sheet, reject_of, sifting
from loyalty.history.summary import figure
from loyalty.ids import new_id
from loyalty.policy import policy_at
from loyalty.reconciliation import Movement, Payout, TakenIn, take_movements, take_payouts

Report = Callable[[str, int, int | None], None]
L = TypeVar("L", Movement, Payout)

BATCH: Final = 1_000
TAKING: Final = "lines taken in"
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


async def import_movements(
    application: Application,
    path: Path,
    *,
    adapter: Adapter = "stripe",
    report: Report = lambda *_: None,
) -> BillingSummary:
    """Take in what moved at whoever bills; rejected rows are written beside the file.

    Raises `ColumnsUnusable` and `ImportUnreadable`.
    """

    def read(cells: Cells, zone: ZoneInfo) -> Movement:
        return read_movement(cells, adapter, zone)

    kind = _Kind(MOVEMENTS, CREATED, read, take_movements)
    return await _bring(application, path, adapter, kind, report)


async def import_payouts(
    application: Application, path: Path, *, report: Report = lambda *_: None
) -> BillingSummary:
    """Take in what Stripe paid out to the bank; otherwise as `import_movements`."""
    kind = _Kind(PAYOUTS, EFFECTIVE, read_payout, take_payouts)
    return await _bring(application, path, "stripe", kind, report)


async def _bring(
    application: Application, path: Path, adapter: Adapter, kind: _Kind[L], report: Report
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
            bad += [
                Reject(good[id_][0], "balance_transaction_id", OTHERWISE) for id_ in done.differing
            ]
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
            bad.append(Reject(row, "balance_transaction_id", OTHERWISE))
        elif good[line.id][0] is not row:
            again += 1
    return good, again, bad
