"""The demo serves a programme built from orders, prints commands that work, and starts again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port
from tests.support.requirements import REPOSITORY

ORDERS = """order_id,member,ordered_at,kind,currency,line_id,sku,category,quantity,amount
o1,h1,2026-02-03T10:00:00,sale,USD,1,1082185,PRODUCE,2,2600.00
o2,h1,2026-09-03T10:00:00,sale,USD,1,1082185,PRODUCE,2,300.00
o3,h2,2026-10-03T10:00:00,sale,USD,1,1029743,GROCERY,1,2.99
r1,h1,2026-10-04T10:00:00,return,USD,1,1082185,PRODUCE,1,150.00
"""
PATIENCE = 120
DAY = 86_400


def command(port: int, orders: Path) -> list[str]:
    """What `make demo` runs."""
    return [sys.executable, "-m", "loyalty", "demo", "--port", str(port), "--orders", str(orders)]


def environment(home: Path) -> dict[str, str]:
    """A home of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LOYALTY_")}
    return {**kept, "LOYALTY_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}


@contextmanager
def served(home: Path, orders: Path, *, doubled: bool = False) -> Iterator[str]:
    """A demo that serves, beside a double of Stripe or alone; what it printed."""
    told = home.parent / f"told-{time.monotonic_ns()}"
    beside = [sys.executable, "-m", "tests.support.stripe_double.beside"] if doubled else []
    with told.open("wb") as output:
        running = subprocess.Popen(
            beside + command(free_port(), orders),
            env=environment(home),
            cwd=home.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + PATIENCE
        while "Stop it with Ctrl-C" not in told.read_text() and time.monotonic() < until:
            assert running.poll() is None, told.read_text()
            time.sleep(0.1)
        yield told.read_text()
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def test_the_printed_commands_work_and_a_second_start_serves_the_same(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(ORDERS)
    home = tmp_path / "home"
    with served(home, orders) as told:
        first = json.loads((home / "demo.json").read_text())
        assert set(first) == {"base_url", "keys", "member_id"}
        assert set(first["keys"]) == {"checkout", "member", "admin", "finance"}
        quote, wallet, balance, before, joined = run_printed(told)
        after, again = run_printed(told)[-2:]
        assert quote["lines"][0]["discounts"][0]["rule"] == "card-price"
        assert wallet["member"] == first["member_id"]
        assert balance["difference"] == 0
        assert "/console/claim/" in told
        assert [one["shipping"]["total"] for one in (before, after)] == [590, 0]
        assert joined["membership"]["id"] == again["membership"]["id"]
    with served(home, orders, doubled=True) as told:
        second = json.loads((home / "demo.json").read_text())
        moved = run_printed(told)[-1]
        assert moved["now"] > time.time() + 30 * DAY
        assert (home / "stripe-double.json").is_file()
        compared_with_stripe(home.parent)
        late = f"{second['base_url']}/v1/members/{joined['membership']['member']}/membership"
        until = time.monotonic() + PATIENCE
        while state_of(late, second["keys"]["checkout"]) != "past-due":
            assert time.monotonic() < until, "the programme's clock did not follow the double's"
            time.sleep(0.1)
    assert (second["keys"], second["member_id"]) == (first["keys"], first["member_id"])


def compared_with_stripe(folder: Path) -> None:
    """Wait until the worker says that it did what was missed at night."""
    until = time.monotonic() + PATIENCE
    told = max(folder.glob("told-*"))
    wanted = {'"event":"job-done"', '"job":"compare-with-stripe"'}
    while not any(all(word in line for word in wanted) for line in told.read_text().splitlines()):
        assert time.monotonic() < until, "the comparison of the night was not made up for"
        time.sleep(0.1)


def state_of(address: str, key: str) -> str:
    """How a membership stands."""
    answer = httpx.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["membership"]["state"])


def run_printed(told: str) -> list[Any]:
    """Run the commands as they are printed; what each answered."""
    found: list[Any] = []
    lines = iter(told.splitlines())
    for line in lines:
        if line.strip().startswith("curl"):
            whole = line if not line.endswith("\\") else f"{line}\n{next(lines)}"
            ran = subprocess.run(["sh", "-c", whole], check=True, capture_output=True)
            found.append(json.loads(ran.stdout))
    return found


def test_a_taken_port_is_told_before_anything_is_built(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(ORDERS)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = subprocess.run(
            command(int(other.getsockname()[1]), orders),
            env=environment(tmp_path / "home"),
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
    assert told.returncode == 3
    assert b"is taken by another program" in told.stderr
    assert not (tmp_path / "home").exists()
