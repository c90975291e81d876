"""Homes of embedded servers that a test makes, kills and sweeps away."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from loyalty.postgres import DATABASE, OWNER, Server

FAST = {"fsync": "off"}


@contextmanager
def swept_home() -> Iterator[Path]:
    """A home where every user may pass through, gone afterwards with all that belonged to it."""
    directory = Path(tempfile.mkdtemp(prefix="loyalty-home-"))
    directory.chmod(0o755)
    try:
        yield directory / ".loyalty"
    finally:
        sweep(directory / ".loyalty")
        shutil.rmtree(directory)


def sweep(home: Path) -> None:
    """Remove what a home has elsewhere: data it could not keep itself, and its sockets."""
    if (home / "cluster.json").exists():
        record = read_record(home)
        if not Path(record["data"]).is_relative_to(home):
            shutil.rmtree(Path(record["data"]).parent)
        if record["sockets"]:
            shutil.rmtree(record["sockets"], ignore_errors=True)


def read_record(home: Path) -> dict[str, str]:
    """What a home says about its database."""
    record: dict[str, str] = json.loads((home / "cluster.json").read_text(encoding="utf-8"))
    return record


def ignore(line: str) -> None:
    del line


def postmaster(home: Path) -> int:
    return int((Path(read_record(home)["data"]) / "postmaster.pid").read_text().split("\n")[0])


def make(home: Path) -> None:
    with Server(home, create=True, settings=FAST, report=ignore):
        pass


def connect(server: Server, role: str = OWNER) -> "psycopg.Connection[tuple[object, ...]]":
    host = str(server.url(role).query["host"])
    return psycopg.connect(host=host, user=role, dbname=DATABASE, autocommit=True)


def ask(server: Server, question: str, role: str = OWNER) -> object:
    with closing(connect(server, role)) as connection:
        cursor = connection.execute(question.encode())
        return cursor.fetchall()[0][0] if cursor.description else None
