"""A programme served by processes of its own, to be killed and started again.

Everything goes in by the front: the command line and HTTP. `Served` starts `loyalty serve` on a
home of its own with durable settings, `Journal` keeps what every client sent and was told.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Final, Self

import httpx
import psutil

from tests.support.ports import free_port

PATIENCE: Final = 60.0
"""Seconds in which a killed programme must answer again, recovery of the database included."""

UNDECIDED: Final = frozenset({409, 429, 500, 502, 503, 504})
"""Answers after which a client sends the same request again, with the same key; of 409 only the
one that says the first attempt is still under way."""


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """A directory that the database's own user may pass through, removed afterwards."""
    directory = Path(mkdtemp(prefix="loyalty-served-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


class Served:
    """`loyalty serve` on a home and port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log = home.parent / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "loyalty", "serve", "--port", str(self.port)],
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.await_ready()
        except AssertionError:
            self.end()
            raise

    def await_ready(self) -> float:
        """Wait until it answers and say how many seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.base_url}/health/ready", timeout=2).status_code == 200:
                    return time.monotonic() - begun
            if self._process is not None and self._process.poll() is not None:
                break
            time.sleep(0.05)
        log = self.log.read_text()[-4000:]
        raise AssertionError(f"the programme does not answer; its log ends:\n{log}")

    def stop(self) -> None:
        """Let it end in its own time."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)
            self._process = None

    def end(self) -> None:
        """Kill every process of it."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def environment(self) -> dict[str, str]:
        """The environment of its commands."""
        named = {k: v for k, v in os.environ.items() if not k.startswith("LOYALTY_")}
        return {**named, "LOYALTY_HOME": str(self.home)}

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line on the same home."""
        return subprocess.run(
            [sys.executable, "-m", "loyalty", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=check,
            timeout=PATIENCE * 5,
        )

    def key(self, role: str) -> str:
        """Make an API key."""
        made = self.run("keys", "create", "--role", role, "--label", f"faults {role}")
        return made.stdout.strip().splitlines()[-1]

    def kill_worker(self) -> None:
        """Kill a process that answers requests; the others are to start it again."""
        children = psutil.Process(self._pid).children(recursive=True)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                if "multiprocessing" in " ".join(child.cmdline()):
                    child.kill()
                    return
        raise AssertionError(f"no process answers requests among {children}")

    def kill_server(self) -> None:
        """Kill every process of the programme but the database, and start it again."""
        os.killpg(self._pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(timeout=PATIENCE)
        self.start()

    def kill_database(self) -> None:
        """Kill the first process of PostgreSQL; whoever serves is to bring it back."""
        pid = self.postmaster()
        os.kill(pid, signal.SIGKILL)
        with suppress(psutil.NoSuchProcess):
            while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)

    def kill_everything(self) -> None:
        """Kill the programme and the database in the same moment, and start again."""
        os.kill(self.postmaster(), signal.SIGKILL)
        self.kill_server()

    def postmaster(self) -> int:
        """The process id of PostgreSQL's first process, waited for while it comes back."""
        data = Path(json.loads((self.home / "cluster.json").read_text())["data"])
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            with suppress(FileNotFoundError, IndexError, ValueError):
                pid = int((data / "postmaster.pid").read_text().splitlines()[0])
                if psutil.pid_exists(pid):
                    return pid
            time.sleep(0.05)
        raise AssertionError("the database did not come back")

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid


@dataclass(slots=True)
class Sent:
    """One request of a client and the answer that settled it."""

    method: str
    path: str
    body: Mapping[str, Any]
    key: str
    status: int = 0
    answer: bytes = b""
    attempts: int = 0
    replayed: bool = False


@dataclass(slots=True)
class Journal:
    """A client that writes down what it sends before sending, and repeats until it is answered."""

    base_url: str
    api_key: str
    sent: list[Sent] = field(default_factory=list)
    broken: int = 0
    """Attempts that ended without an answer."""

    async def post(self, client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Sent:
        """Send one write until something definite is answered."""
        one = Sent("POST", path, body, key=f"fault-{os.urandom(12).hex()}")
        self.sent.append(one)
        await self.settle(client, one)
        return one

    async def settle(self, client: httpx.AsyncClient, one: Sent) -> None:
        """Repeat a request with its own key until it is settled."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            one.attempts += 1
            try:
                answer = await self._once(client, one)
            except httpx.HTTPError:
                self.broken += 1
            else:
                one.status, one.answer = answer.status_code, answer.content
                one.replayed = answer.headers.get("Idempotency-Replayed") == "true"
                if not _undecided(answer):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{one.method} {one.path} was never settled: {one}")

    async def _once(self, client: httpx.AsyncClient, one: Sent) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": one.key}
        return await client.post(f"{self.base_url}{one.path}", json=one.body, headers=headers)

    async def get(self, client: httpx.AsyncClient, path: str) -> dict[str, Any]:
        """Read something that must be there."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        answer = await client.get(f"{self.base_url}{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        read: dict[str, Any] = answer.json()
        return read


def _undecided(answer: httpx.Response) -> bool:
    if answer.status_code == 409:
        return bool(answer.json().get("code") == "idempotency-in-progress")
    return answer.status_code in UNDECIDED
