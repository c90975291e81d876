"""An import is killed in the middle, with the database: it goes on where it stood."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from loyalty.postgres import OWNER, Server
from tests.support.homes import lay_out
from tests.support.proofs import Proof
from tests.support.requirements import sample
from tests.support.serving import Served, reachable_directory

SEED: Final = 31
BEGIN: Final = datetime(2026, 1, 1, 9, tzinfo=UTC)
MEMBERS: Final = 400
COLUMNS: Final = (
    *("order_id", "member", "ordered_at", "kind", "currency"),
    *("line_id", "sku", "category", "quantity", "amount"),
)


def test_a_killed_import_goes_on_where_it_stood_and_doubles_nothing(
    upgraded: Path, proof: Proof
) -> None:
    orders = sample(quick=4_000, full=60_000)
    kills = sample(quick=1, full=10)
    with reachable_directory() as directory:
        file = _history(directory / "orders.csv", orders)
        served = Served(directory / "home")
        lay_out(served.home, upgraded)

        with Server(served.home, report=print) as server:
            reached = sum(_import_killed(served, server, file) for _ in range(kills))
            assert _orders_in(server) > 0, "nothing was in when the imports were killed"
        finished = served.run("import", "orders", str(file), check=False)
        again = served.run("import", "orders", str(file), check=False)
        verified = served.run("verify", check=False)

        assert finished.returncode == 0, finished.stdout + finished.stderr
        assert again.returncode == 0, again.stdout + again.stderr
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert reached > 0, "no kill came while the import was at work: the run proved nothing"
        assert _figure(again.stdout, "recorded before and are the same") == orders
        assert _figure(again.stdout, "orders recorded") == 0
    proof("imports killed with their database, gone on with and verified", kills)


def _history(file: Path, orders: int) -> Path:
    chance = random.Random(SEED)
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for number in range(orders):
            at = (BEGIN + timedelta(minutes=7 * number)).isoformat()
            member = f"C-{chance.randrange(MEMBERS)}"
            for line in range(1, 4):
                amount = f"{chance.randrange(50, 9_000) / 100:.2f}"
                writer.writerow(
                    [f"O-{number}", member, at, "sale", "USD", line, "A", "B", 1, amount]
                )
    return file


def _import_killed(served: Served, server: Server, file: Path) -> bool:
    """Kill an import and its database once it has put orders in; whether it was still at work."""
    command = [sys.executable, "-m", "loyalty", "import", "orders", str(file)]
    before = _orders_in(server)
    with subprocess.Popen(
        command,
        env=served.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        while process.poll() is None and _orders_in(server) == before:
            time.sleep(0.01)
        at_work = process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        served.kill_database()
    server.revive()
    return at_work


def _orders_in(server: Server) -> int:
    url = server.url(OWNER).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        row = connection.execute('select count(*) from loyalty."order"').fetchone()
    assert row is not None
    return int(row[0])


def _figure(summary: str, what: str) -> int:
    found = [line for line in summary.splitlines() if what in line]
    assert found, f"the summary does not say how many {what}:\n{summary}"
    return int(found[0].split()[0].replace(",", ""))
