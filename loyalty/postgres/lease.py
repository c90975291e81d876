"""Who uses a server, told by locks that the kernel drops when a process dies.

Every command that uses a home holds a shared lock on one file; whoever can take it alone is the
last one. Starting, stopping and deciding happen under a second lock, one process at a time.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Report = Callable[[str], None]

PATIENCE_SECONDS = 2.0
_STEP_SECONDS = 0.02


class Lease:
    """A share in the server; given back on `close`, or by the kernel when the process dies."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def is_the_last(self) -> bool:
        """Whether nobody else holds a share; ask it under `alone` only."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the share back."""
        os.close(self._descriptor)


@contextmanager
def alone(path: Path, report: Report) -> Iterator[None]:
    """Hold the lock under which servers are started and stopped, waiting for who has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        patience = Patience("another command is starting or stopping the database", report)
        while not _taken(descriptor):
            patience.wait()
        yield
    finally:
        os.close(descriptor)


class Patience:
    """Waits in small steps for as long as it takes, and says now and then what for."""

    def __init__(self, reason: str, report: Report) -> None:
        self._reason = reason
        self._report = report
        self._since = time.monotonic()
        self._told = self._since

    def wait(self, detail: str = "") -> None:
        """Sleep one step; say what is awaited when it takes long."""
        time.sleep(_STEP_SECONDS)
        now = time.monotonic()
        if now - self._told >= PATIENCE_SECONDS:
            self._told = now
            told = f"{self._reason}; waiting, {now - self._since:.0f} s so far"
            self._report(f"{told} ({detail})" if detail else told)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
