"""How soon a demo that was built before serves again."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from loyalty.bench import budgets
from loyalty.bench.figures import Figure
from loyalty.bench.history import write_year
from loyalty.bench.plan import Plan
from loyalty.bench.rig import remove, temporary_home
from loyalty.bench.serving import HOST, BenchServerFailed, free_port

BUILD_SECONDS: Final = 900
END_SECONDS: Final = 60
POLL_SECONDS: Final = 0.02
HTTP_OK: Final = 200


def measure(plan: Plan) -> list[Figure]:
    """Build the demo once, then start it again as often as the plan says."""
    home = temporary_home()
    built = 0.0
    times: list[float] = []
    try:
        with TemporaryDirectory(prefix="loyalty-bench-") as folder:
            orders = []
            if plan.year_rows is not None:
                write_year(Path(folder) / "year.csv", plan.year_rows)
                orders = ["--orders", str(Path(folder) / "year.csv")]
            with _demo(home, folder, orders) as seconds:
                built = seconds
            for _ in range(plan.runs):
                with _demo(home, folder, orders) as seconds:
                    times.append(seconds)
    finally:
        remove(home)
    median = round(sorted(times)[len(times) // 2], 2)
    return [Figure(budgets.SECOND_START, median, f"the first start took {built:.0f} s")]


@contextmanager
def _demo(home: Path, folder: str, orders: list[str]) -> Iterator[float]:
    """Serve the demo, and say after how many seconds it was ready."""
    port = free_port()
    environment = {**os.environ, "LOYALTY_HOME": str(home)}
    environment.pop("LOYALTY_DATABASE_URL", None)
    command = [sys.executable, "-m", "loyalty", "demo", "--port", str(port), *orders]
    begun = time.perf_counter()
    child = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _is_ready(port):
            if child.poll() is not None or time.perf_counter() - begun > BUILD_SECONDS:
                raise BenchServerFailed(target="loyalty demo", seconds=BUILD_SECONDS)
            time.sleep(POLL_SECONDS)
        yield time.perf_counter() - begun
    finally:
        child.terminate()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
