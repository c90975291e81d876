"""Web applications under measurement, each in processes of its own, started like `serve` does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from loyalty.errors import LoyaltyError

START_SECONDS: Final = 60
END_SECONDS: Final = 20
POLL_SECONDS: Final = 0.05
HOST: Final = "127.0.0.1"


class BenchServerFailed(LoyaltyError):
    """The web application {target} ended or did not listen within {seconds} seconds."""

    code = "bench-server-failed"
    target: str
    seconds: int


@contextmanager
def serving(target: str, database: str, *, processes: int = 1) -> Iterator[int]:
    """Serve a web application over a database, and say on which port."""
    port = free_port()
    environment = {
        **os.environ,
        "LOYALTY_DATABASE_URL": database,
        "LOYALTY_OWNER_DATABASE_URL": "",
    }
    command = [sys.executable, "-m", "loyalty.bench.child", target, str(port), str(processes)]
    child = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_listening(child, target, port)
        yield port
    finally:
        child.terminate()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _await_listening(child: "subprocess.Popen[bytes]", target: str, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and child.poll() is None:
        with socket.socket() as line:
            if line.connect_ex((HOST, port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise BenchServerFailed(target=target, seconds=START_SECONDS)


def free_port() -> int:
    """Answer a port of this machine that nobody listens on."""
    with socket.socket() as line:
        line.bind((HOST, 0))
        port: int = line.getsockname()[1]
        return port
