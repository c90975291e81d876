"""Voucher codes from outside, from a file: a row is the unit of rejection, and known ones stay.

Each batch of rows is a transaction, so a run that is killed is resumed by running it again.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from loyalty.bootstrap import Application
from loyalty.cause import Cause, import_actor
from loyalty.history.assembly import Reject, Row
from loyalty.history.sheets import Cells, Columns, FaultError, reject_of, sifting
from loyalty.history.summary import figure
from loyalty.ids import new_id
from loyalty.issuing.importing import begin_import, take_codes
from loyalty.issuing.types import MOST, OutsideCode
from loyalty.policy import policy_at

Report = Callable[[str, int, int | None], None]

COLUMNS: Final = Columns(
    "vouchers", ["code"], ["member", "starts_at", "expires_at", "amount", "uses"]
)
BATCH: Final = 1_000
TAKING: Final = "codes taken in"


@dataclass(frozen=True, slots=True)
class CodesSummary:
    """What a run came to; each row of the file is in exactly one of the first three figures."""

    taken: int
    known: int
    rejected: int
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every code of the file is a voucher now."""
        return not self.rejected

    def told(self) -> Iterator[str]:
        """Say each figure in a line."""
        yield figure(self.taken + self.known + self.rejected, "rows in the file")
        yield figure(self.taken, "codes taken in")
        yield figure(self.known, "were vouchers before and are the same")
        yield figure(self.rejected, "rows rejected")
        yield figure(self.seconds, "seconds")


async def import_vouchers(
    application: Application,
    path: Path,
    definition: str,
    *,
    report: Report = lambda *_: None,
) -> CodesSummary:
    """Bring a file of codes in for vouchers of a definition; answers what it came to.

    Rejected rows are written beside the file. Raises `ColumnsUnusable`, `ImportUnreadable`,
    `DefinitionNotFound` and `BatchMalformed` for a file of too many rows.
    """
    begun, run = time.monotonic(), new_id()
    database = application.database
    taken = known = 0
    async with sifting(path, COLUMNS) as (sheet, lines, rejected):
        rows = await asyncio.to_thread(lambda: list(islice(lines, MOST + 1)))
        cause = Cause(application.clock.now(), import_actor(str(run)), str(run))
        async with database.read() as connection:
            zone = (await policy_at(connection, cause.at)).zone
        batch = await database.write(begin_import, cause, definition, rows=len(rows))
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            good, bad = _read(part, sheet.cells, zone)
            done = await database.write(take_codes, cause, batch, [code for _, code in good])
            bad += (Reject(good[each.row - 1][0], "code", each.reason) for each in done.refused)
            rejected.add(bad)
            taken, known = taken + done.taken, known + done.known
            report(TAKING, len(part), len(rows))
    return CodesSummary(taken, known, rejected.rows, time.monotonic() - begun)


def _read(
    rows: list[Row], cells_of: Callable[[Row], Cells], zone: ZoneInfo
) -> tuple[list[tuple[Row, OutsideCode]], list[Reject]]:
    good: list[tuple[Row, OutsideCode]] = []
    bad: list[Reject] = []
    for row in rows:
        try:
            good.append((row, _code(cells_of(row), zone)))
        except FaultError as fault:
            bad.append(reject_of(row, fault))
    return good, bad


def _code(cells: Cells, zone: ZoneInfo) -> OutsideCode:
    member = cells.text("member")
    return OutsideCode(
        code=cells.wanted("code", "a code"),
        member=f"ext:{member}" if member else None,
        starts_at=cells.instant("starts_at", zone),
        expires_at=cells.instant("expires_at", zone),
        amount=_number(cells, "amount"),
        uses=_number(cells, "uses"),
    )


def _number(cells: Cells, column: str) -> int | None:
    text = cells.text(column)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**12:
        raise FaultError(column, f"expected a whole number above zero, found {text!r}")
    return int(text)
