"""The server process: finding it, telling whether it lives, starting and stopping it.

PostgreSQL keeps one file about its first process. That file survives a kill, and its number may by
then belong to another program, so it is believed only when that process runs on our data.
"""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from loyalty.postgres.account import Account
from loyalty.postgres.binaries import Binaries
from loyalty.postgres.errors import StartFailed
from loyalty.postgres.lease import Patience, Report

READY = "ready"
STOPPING = "stopping"
SOCKET_LOCK = ".s.PGSQL.5432.lock"
LEFTOVERS = "pre-existing shared memory block"
LOG_BYTES = 16 << 20
PROCESSES = Path("/proc")

_PID_LINE = 0
_SOCKET_LINE = 4
_STATUS_LINE = 7


_STARTED: "set[subprocess.Popen[bytes]]" = set()
"""Servers that this process started; they are buried here when they end, and may outlive us."""


@dataclass(frozen=True, slots=True)
class Note:
    """What PostgreSQL noted about its first process."""

    pid: int
    sockets: str
    status: str


@dataclass(slots=True)
class Postmaster:
    """The server over one data directory, started by us or by somebody before us."""

    data: Path
    binaries: Binaries
    account: Account
    log: Path
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def note(self) -> Note | None:
        """What the process that runs on our data wrote about itself; None when none runs."""
        self._reap()
        note = self._written()
        return note if note is not None and self._is_ours(note.pid) else None

    def start(self, sockets: Path, report: Report) -> None:
        """Start the server and wait until it accepts connections, through any recovery."""
        leftovers = Patience("processes of a killed server are still ending", report)
        while True:
            self._forget_the_dead(sockets)
            self._turn_log()
            begin = self.log.stat().st_size if self.log.exists() else 0
            self._child = self.account.spawn(self._command(sockets), self.log)
            _STARTED.add(self._child)
            if self.await_ready(report):
                return
            said = _tail(self.log, begin)
            if LEFTOVERS not in said:
                raise StartFailed(log=str(self.log), reason=said)
            leftovers.wait()

    def await_ready(self, report: Report) -> bool:
        """Wait until the running server accepts connections; False when it ends instead."""
        patience = Patience("PostgreSQL is starting", report)
        while True:
            note = self.note()
            if note is not None and note.status == READY:
                return True
            if note is None and (self._child is None or self._child.poll() is not None):
                return False
            patience.wait(_tail(self.log, 0).rpartition("\n")[2])

    def await_end(self, report: Report) -> None:
        """Wait until a server that is stopping has stopped."""
        patience = Patience("PostgreSQL is stopping", report)
        while self.note() is not None:
            patience.wait()

    def stop(self, report: Report) -> None:
        """Stop the server: open transactions are rolled back, committed work is on the disk."""
        note = self.note()
        if note is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(note.pid, signal.SIGINT)
            self.await_end(report)
        if self._child is not None:
            self._child.wait()

    def let_go(self) -> None:
        """Leave a server that others use; it is no longer ours to bury."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0
        _STARTED.difference_update({self._child})

    def _command(self, sockets: Path) -> list[str | Path]:
        return [
            self.binaries.program("postgres"),
            *("-D", self.data),
            *("-k", sockets),
            *("-c", "listen_addresses="),
            *("-c", "unix_socket_permissions=0700"),
            *("-c", "logging_collector=off"),
        ]

    def _written(self) -> Note | None:
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        if len(lines) <= _SOCKET_LINE or not lines[_PID_LINE].isdecimal():
            return None
        status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""
        return Note(int(lines[_PID_LINE]), lines[_SOCKET_LINE], status)

    def _is_ours(self, pid: int) -> bool:
        return str(self.data) in _command_line(pid)

    def _forget_the_dead(self, sockets: Path) -> None:
        """Remove the notes of a server that runs no more over our data.

        PostgreSQL takes any process of the number in its lock files for a server: another program
        of the same user, and also a killed server that whoever started it has not buried. What
        the killed one left running is found by its shared memory, without the notes.
        """
        for lock in (self.data / "postmaster.pid", sockets / SOCKET_LOCK):
            with contextlib.suppress(FileNotFoundError):
                number = lock.read_text(encoding="utf-8").partition("\n")[0].strip()
                if not number.isdecimal() or not self._is_ours(int(number)):
                    lock.unlink()

    def _reap(self) -> None:
        _STARTED.difference_update([child for child in _STARTED if child.poll() is not None])

    def _turn_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))


def _command_line(pid: int) -> str:
    """How a process was started; empty when it is gone, or dead and not yet buried."""
    if (PROCESSES / "self").exists():
        try:
            words = (PROCESSES / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ""
        return words.replace(b"\0", b" ").decode(errors="replace")
    answer = subprocess.run(
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
    )
    return answer.stdout


def _tail(log: Path, begin: int) -> str:
    try:
        with log.open("rb") as lines:
            lines.seek(0, os.SEEK_END)
            lines.seek(max(begin, lines.tell() - 2_000))
            return lines.read().decode(errors="replace").strip()
    except FileNotFoundError:
        return ""
