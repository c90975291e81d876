"""The machine of a measurement: a PostgreSQL of its own, set up as a programme's, and its end.

The server is the embedded one with its usual settings, so it syncs every commit to the disk. Its
home is temporary and lies where a restart would find it again, because a folder kept in memory
would make commits free. Nothing of it stays behind.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy.engine import URL

from loyalty import migrations
from loyalty.postgres import APPLICATION, DATABASE, OWNER, SUPERUSER, Server
from loyalty.postgres.home import Home, Record
from loyalty.postgres.lease import Report

ON_DISK: Final = Path("/var/tmp")  # noqa: S108 (what we make in it is private and removed)
OPPONENT: Final = "opponent"


@dataclass(frozen=True, slots=True)
class Rig:
    """A running server with the programme's database, and one for the opponent."""

    home: Path
    server: Server

    def url(self, database: str = DATABASE, role: str = APPLICATION) -> URL:
        """The address of a database for one of the roles."""
        return self.server.url(role, database)

    def libpq(self, database: str = DATABASE, role: str = APPLICATION) -> str:
        """The same for programs of PostgreSQL and for the driver."""
        return self.url(database, role).set(drivername="postgresql").render_as_string()

    def program(self, name: str) -> Path:
        """A program of this PostgreSQL."""
        return self.server.binaries.program(name)

    def run_as_superuser(self, *statements: str, database: str = DATABASE) -> None:
        """Run statements that only an administrator may."""
        with psycopg.connect(self.libpq(database, SUPERUSER), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, statement: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Ask one thing as the administrator."""
        with psycopg.connect(self.libpq(database, SUPERUSER), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def now(self) -> datetime:
        """The database's instant: a measurement has no clock of its own."""
        ((instant,),) = self.ask("SELECT now()")
        return datetime.fromisoformat(str(instant))

    def settle_down(self) -> None:
        """Write out what came before, so that no run pays for the one before it."""
        self.run_as_superuser("CHECKPOINT")

    def copy_database(self, name: str, copy: str, *, strategy: str = "WAL_LOG") -> None:
        """Make a copy of a database that nobody is connected to; large ones by `FILE_COPY`."""
        made = f'CREATE DATABASE "{copy}" OWNER "{OWNER}" TEMPLATE "{name}" STRATEGY {strategy}'
        self.run_as_superuser(made, database="postgres")

    def drop_database(self, name: str) -> None:
        """Remove a database that nobody is connected to."""
        self.run_as_superuser(f'DROP DATABASE "{name}"', database="postgres")

    def add_programme(self, name: str) -> None:
        """Make one more empty programme in the same server."""
        self.run_as_superuser(f'CREATE DATABASE "{name}" OWNER "{OWNER}" TEMPLATE template0')
        migrations.upgrade(self.url(name, OWNER), application=APPLICATION)


@contextmanager
def built(report: Report) -> Iterator[Rig]:
    """Build the machine, and take everything away afterwards."""
    home = temporary_home()
    try:
        with Server(home, create=True, report=report) as server:
            rig = Rig(home, server)
            migrations.upgrade(rig.url(role=OWNER), application=APPLICATION)
            rig.run_as_superuser(f'CREATE DATABASE "{OPPONENT}" OWNER "{OWNER}"')
            yield rig
    finally:
        remove(home)


def temporary_home() -> Path:
    """A name for a home that is not there yet, on a disk."""
    folder = ON_DISK if ON_DISK.is_dir() else Path(tempfile.gettempdir())
    return folder / f"loyalty-bench-{secrets.token_hex(4)}"


def remove(home: Path) -> None:
    """Remove a home with its data and sockets, wherever the server had to put them."""
    record = _record(home)
    if record is not None:
        data = Path(record.data)
        shutil.rmtree(data, ignore_errors=True)
        if not data.is_relative_to(home) and not any(data.parent.iterdir()):
            data.parent.rmdir()
        if record.sockets:
            shutil.rmtree(record.sockets, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _record(home: Path) -> Record | None:
    found = Home(home)
    return found.read() if found.exists() else None
