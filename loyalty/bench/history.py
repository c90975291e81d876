"""A year of history imported by the command, whole and by half; then the books it left, proved.

The file is the demo's: a real retailer's 1,469,307 basket lines. Wall time includes the start of
the command; memory is the peak of its largest process.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import ledger
from loyalty.bench import budgets
from loyalty.bench.figures import Figure
from loyalty.bench.plan import Plan
from loyalty.bench.rig import Rig
from loyalty.bench.shop import prepare_history
from loyalty.database import LONG, Database
from loyalty.errors import LoyaltyError

LAST_DAY: Final = date(2026, 11, 20)
PROCESSES: Final = Path("/proc")
POLL_SECONDS: Final = 0.1
VERIFY_REPEATS: Final = 3
TRANSFERS: Final = (
    "SELECT c.reltuples::bigint FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'ledger' AND c.relname = 'transfer'"
)
"""How many transfers there are, as counted by the ANALYZE just before."""


class BenchImportFailed(LoyaltyError):
    """The import under measurement ended with "{reason}"."""

    code = "bench-import-failed"
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How long an import took, and how large its largest process became."""

    seconds: float
    megabytes: float


def measure(rig: Rig, plan: Plan) -> list[Figure]:
    """Import half of the year into one database and all of it into another."""
    with TemporaryDirectory(prefix="loyalty-bench-") as folder:
        whole = Path(folder) / "year.csv"
        rows = write_year(whole, plan.year_rows)
        half = Path(folder) / "half.csv"
        _keep(whole, half, rows // 2)
        part = _import(rig, "half_year", half)
        full = _import(rig, "year", whole)
    shrunk = plan.year_rows is not None
    said = f"{rows:,} lines, {rows / full.seconds:,.0f} a second"
    grown = round(full.megabytes / part.megabytes, 3) if part.megabytes else None
    peak = f"{full.megabytes:,.0f} MB beside {part.megabytes:,.0f} MB"
    return [
        Figure(budgets.IMPORT, round(full.seconds, 2), said + (" (a sample)" if shrunk else "")),
        Figure(budgets.IMPORT_MEMORY, grown, peak),
        _verified(rig, "year"),
    ]


def write_year(file: Path, rows: int | None) -> int:
    """Write the demo's year of order lines, or the first of them; say how many."""
    from loyalty.demo.shop import write_orders  # noqa: PLC0415 (an extra that not all have)

    write_orders(file, last_day=LAST_DAY, invent_returns=False)
    return _keep(file, file, rows)


def _keep(file: Path, copy: Path, rows: int | None) -> int:
    """Copy the head and the first rows of a file, all of them by default; say how many."""
    with file.open("rb") as lines:
        kept = list(islice(lines, None if rows is None else rows + 1))
    copy.write_bytes(b"".join(kept))
    return len(kept) - 1


def _import(rig: Rig, database: str, file: Path) -> Imported:
    rig.add_programme(database)
    prepare_history(rig, database)
    rig.settle_down()
    command = [sys.executable, "-m", "loyalty", "import", "orders", str(file)]
    environment = {**os.environ, "LOYALTY_DATABASE_URL": rig.libpq(database)}
    with TemporaryDirectory() as folder, (Path(folder) / "said").open("w+") as said:
        begun = time.perf_counter()
        child = subprocess.Popen(
            command,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
        peak = 0
        while child.poll() is None:
            peak = max(peak, _largest(child.pid))
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - begun
        if child.returncode != 0:
            said.seek(0)
            raise BenchImportFailed(reason=said.read().strip()[-500:])
    return Imported(seconds, peak * 1_024 / 1_000_000)


def _largest(session: int) -> int:
    """The peak in kB of the largest process of a session; 0 where the system does not tell.

    What the system counts for a child begins with its parent's peak, so it is of no use here.
    """
    peaks = [0]
    for status in PROCESSES.glob("[0-9]*/status"):
        with suppress(OSError, ValueError, IndexError):
            if os.getsid(int(status.parent.name)) == session:
                told = status.read_text().partition("VmHWM:")[2].split()
                peaks.append(int(told[0]))
    return max(peaks)


def _verified(rig: Rig, database: str) -> Figure:
    """How fast the wallets are held against the year's transfers, and against lots and holds."""
    rig.run_as_superuser("VACUUM ANALYZE", database=database)
    ((rows,),) = rig.ask(TRANSFERS, database)
    times, broken = asyncio.run(_prove(rig, database))
    if broken:
        return Figure(budgets.VERIFY, 0, f"not sound: {broken[0]}")
    if not rows:
        return Figure(budgets.VERIFY, None, "the year earned nothing, so there was nothing to hold")
    rate = round(rows / sorted(times)[VERIFY_REPEATS // 2])
    return Figure(budgets.VERIFY, rate, f"{rows:,} transfers")


async def _prove(rig: Rig, database: str) -> tuple[list[float], Sequence[ledger.Finding]]:
    times: list[float] = []
    broken: Sequence[ledger.Finding] = ()
    programme = Database.at(rig.url(database), patience=LONG)
    try:
        async with programme.snapshot() as connection:
            for _ in range(VERIFY_REPEATS):
                begun = time.perf_counter()
                broken = await ledger.verify(connection, only={"wallets", "counters"})
                times.append(time.perf_counter() - begun)
    finally:
        await programme.dispose()
    return times, broken
