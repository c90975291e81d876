"""A server that starts in a moment, so that it can be killed at every place there is.

One process builds the application and forks for every start; what then runs is the application of
`loyalty serve` under the same HTTP server, in a process of its own, on a database of the test's.
Building does no I/O, so a fork has everything but a connection.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from sqlalchemy.engine import URL

from api.app import create_app_from_environment
from loyalty.bootstrap import freeze_memory
from tests.support.requirements import REPOSITORY

PATIENCE = 30.0


class Forked:
    """A server process, there or killed, that listens on one socket."""

    def __init__(self, nursery: "subprocess.Popen[str]", socket: Path) -> None:
        self._nursery = nursery
        self._pid = 0
        self.socket = str(socket)

    def start(self) -> None:
        """Start it; whether it answers already is for the client to find out."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        Path(self.socket).unlink(missing_ok=True)
        self._nursery.stdin.write(self.socket + "\n")
        self._nursery.stdin.flush()
        self._pid = int(self._nursery.stdout.readline())

    def kill(self) -> None:
        """Kill it, and see that it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(ProcessLookupError):
                os.kill(self._pid, 0)
                time.sleep(0.001)
                continue
            return
        raise AssertionError(f"process {self._pid} does not end")


@contextmanager
def forked_server(database: URL) -> Iterator[Forked]:
    """Give a server on a database, started once; it is killed in the end."""
    named = {k: v for k, v in os.environ.items() if not k.startswith("LOYALTY_")}
    url = database.render_as_string(hide_password=False)
    environment = named | {"LOYALTY_DATABASE_URL": url, "LOYALTY_POOL_SIZE": "4"}
    with (
        TemporaryDirectory(prefix="forked-") as directory,
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked"],
            env=environment,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as nursery,
    ):
        server = Forked(nursery, Path(directory) / "http")
        try:
            server.start()
            yield server
            server.kill()
        finally:
            nursery.kill()


def _serve(app: Litestar, socket: str) -> None:
    """Serve until killed; what it logs is of no interest."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    server = Server(
        app,
        uds=Path(socket),
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
    )
    asyncio.run(server.serve())


def _fork_for_each_line() -> None:
    app = create_app_from_environment()
    freeze_memory()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that who is killed leaves nothing behind
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _serve(app, line.strip())
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _fork_for_each_line()
