"""An import that is killed in the middle is resumed by running it again; nothing is doubled."""

import asyncio
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from loyalty.bootstrap import Application
from loyalty.verify import verify
from tests.loyalty.history.files import application, bring, publish
from tests.loyalty.history.shops import grocers_year
from tests.support.database import Clone
from tests.support.requirements import REPOSITORY, sample

__all__ = ["application"]

LINES = 60_000


async def test_a_killed_import_leaves_whole_members_and_goes_on(
    application: Application, clone: Clone, tmp_path: Path
) -> None:
    await publish(application)
    path = head_of_the_shop(tmp_path, sample(quick=LINES, full=10 * LINES))
    spools = tmp_path / "spools"
    spools.mkdir()
    killed = begin(path, clone, spools)
    while killed.poll() is None and not await orders_of(application):
        await asyncio.to_thread(time.sleep, 0.02)
    assert killed.poll() is None, "it ended before it could be killed"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    while await sessions(application) > 1:
        await asyncio.to_thread(time.sleep, 0.05)
    part = await orders_of(application)
    assert part > 0
    tempfile.tempdir, before = str(spools), tempfile.tempdir
    try:
        summary = await bring(application, path, processes=2)
    finally:
        tempfile.tempdir = before
    assert summary.complete
    assert (summary.replays, summary.replays + summary.orders) == (
        part,
        await orders_of(application),
    )
    assert list(spools.glob("loyalty-import-*")) == []
    async with application.database.snapshot() as connection:
        assert await verify(connection) == []


def begin(path: Path, clone: Clone, spools: Path) -> "subprocess.Popen[bytes]":
    """Begin to import a file in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "loyalty", "import", "orders", str(path), "--processes", "2"],
        env={
            **os.environ,
            "LOYALTY_DATABASE_URL": clone.application.render_as_string(hide_password=False),
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(spools),
        },
        cwd=spools,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def head_of_the_shop(folder: Path, lines: int) -> Path:
    """The first lines of the demo's year, whole orders only."""
    path = folder / "orders.csv"
    with grocers_year(folder).open(newline="") as file, path.open("w", newline="") as target:
        reader, writer = csv.reader(file), csv.writer(target)
        writer.writerow(next(reader))
        rows = [next(reader) for _ in range(lines)]
        last = rows[-1][0]
        writer.writerows(row for row in rows if row[0] != last)
    return path


async def orders_of(application: Application) -> int:
    """How many orders are recorded."""
    async with application.database.read() as connection:
        return int(await connection.scalar(text('select count(*) from loyalty."order"')) or 0)


async def sessions(application: Application) -> int:
    """How many sessions of this database do something."""
    async with application.database.read() as connection:
        query = text(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and state <> 'idle'"
        )
        return int(await connection.scalar(query) or 0)
