"""The embedded server as a command sees it: shared by all that use the same home.

The first one in starts it, the last one out stops it, and who was killed leaves nothing behind:
the kernel gives its share back, and the next command takes over the server as it finds it.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy.engine import URL

from loyalty.postgres import cluster
from loyalty.postgres.account import server_account
from loyalty.postgres.binaries import Binaries, find_binaries
from loyalty.postgres.errors import HomeUnreadable
from loyalty.postgres.home import (
    Home,
    Record,
    place_for_binaries,
    place_for_data,
    place_for_sockets,
)
from loyalty.postgres.lease import Lease, Report, alone
from loyalty.postgres.postmaster import STOPPING, Note, Postmaster
from loyalty.settings import DRIVER

_NOTHING: Mapping[str, str] = {}


def tell_log(line: str) -> None:
    """Report to the log; commands that people watch report to the terminal instead."""
    structlog.get_logger(__name__).info("embedded-postgresql", line=line)


class Server:
    """A share in the embedded server of one home; safe to use from several threads."""

    def __init__(
        self,
        home: Path,
        *,
        create: bool = False,
        settings: Mapping[str, str] = _NOTHING,
        report: Report = tell_log,
    ) -> None:
        self._home = Home(home)
        self._create = create
        self._settings = settings
        self._report = report
        self._lease: Lease | None = None
        self._postmaster: Postmaster | None = None
        self._sockets = ""
        self._mutex = threading.Lock()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Take a share and return once the server accepts connections.

        Makes the home when asked to; waits through a recovery of any length, with progress.
        """
        with self._mutex:
            if self._lease is not None:
                return
            if not self._create:
                self._home.read()
            account = server_account()
            self._home.make(account)
            with alone(self._home.lock_file, self._report):
                record = self._home.read() if self._home.exists() else self._founded()
                lease = Lease(self._home.lease_file)
                try:
                    self._run(record)
                except BaseException:
                    lease.close()
                    raise
                self._lease = lease

    def close(self) -> None:
        """Give the share back; the last one out stops the server."""
        with self._mutex:
            lease, self._lease = self._lease, None
            if lease is None:
                return
            with alone(self._home.lock_file, self._report):
                if self._postmaster is not None:
                    if lease.is_the_last():
                        self._postmaster.stop(self._report)
                    self._postmaster.let_go()
                lease.close()

    def is_running(self) -> bool:
        """Whether the server process lives."""
        return self.note() is not None

    def note(self) -> Note | None:
        """What the running server wrote about itself; None when none runs."""
        return None if self._postmaster is None else self._postmaster.note()

    def revive(self) -> None:
        """Start the server again if somebody killed it; nothing happens while it lives."""
        with self._mutex:
            if self._lease is None or self.is_running():
                return
            with alone(self._home.lock_file, self._report):
                self._run(self._home.read())

    def url(self, role: str, database: str = cluster.DATABASE) -> URL:
        """The address of a database in this server, for one of its roles."""
        return URL.create(DRIVER, username=role, database=database, query={"host": self._sockets})

    @property
    def binaries(self) -> Binaries:
        """The programs of this server, ``pg_dump`` among them."""
        return Binaries(Path(self._home.read().binaries))

    def _founded(self) -> Record:
        self._report(f"making a database under {self._home.path}")
        account = server_account()
        place = place_for_data(self._home, account)
        binaries = place_for_binaries(find_binaries(), self._home, account)
        data = cluster.create(place, binaries, account, self._settings)
        record = Record(str(data), str(binaries.root), "", account.name)
        self._home.write(record)
        return record

    def _run(self, record: Record) -> None:
        """Leave with a server that accepts connections; call it under `alone` only."""
        data = Path(record.data)
        if not (data / "PG_VERSION").exists():
            raise HomeUnreadable(
                path=str(self._home.path), reason=f"there is no database in {data}"
            )
        account = server_account()
        binaries = place_for_binaries(find_binaries(), self._home, account)
        postmaster = Postmaster(data, binaries, account, self._home.log)
        note = postmaster.note()
        if note is not None and note.status == STOPPING:
            postmaster.await_end(self._report)
        if postmaster.note() is None or not postmaster.await_ready(self._report):
            cluster.refuse_other_version(data, binaries)
            wanted = Path(record.sockets) if record.sockets else None
            sockets = place_for_sockets(wanted, account)
            self._home.write(replace(record, binaries=str(binaries.root), sockets=str(sockets)))
            cluster.admit(data, account)
            postmaster.start(sockets, self._report)
            cluster.furnish(sockets)
        running = postmaster.note()
        self._sockets = running.sockets if running is not None else record.sockets
        self._postmaster = postmaster
