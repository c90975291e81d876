"""Homes of embedded servers that a test makes, kills and sweeps away."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from loyalty import migrations
from loyalty.postgres import APPLICATION, DATABASE, OWNER, Server
from loyalty.postgres.account import server_account
from loyalty.postgres.binaries import find_binaries
from loyalty.postgres.home import Home, Record, place_for_data

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


@pytest.fixture(scope="session")
def furnished() -> Iterator[Path]:
    """The data of a home that a server of ours has made and left, to be copied."""
    with swept_home() as home:
        make(home)
        yield Path(read_record(home)["data"])


@pytest.fixture(scope="session")
def upgraded() -> Iterator[Path]:
    """The data of a home that keeps what it was told, brought up to date; to be copied."""
    with swept_home() as home:
        with Server(home, create=True, report=ignore) as server:
            migrations.upgrade(server.url(OWNER), application=APPLICATION)
        yield Path(read_record(home)["data"])


def make(home: Path) -> None:
    with Server(home, create=True, settings=FAST, report=ignore):
        pass


def lay_out(home: Path, data: Path) -> None:
    """Make a home over a copy of data, whose server was never started there.

    It costs a tenth of making the data anew.
    """
    account = server_account()
    here = Home(home)
    here.make(account)
    copied = place_for_data(here, account) / "data"
    subprocess.run(["cp", "-a", data, copied], check=True)
    here.write(Record(str(copied), str(find_binaries().root), "", account.name))


def connect(server: Server, role: str = OWNER) -> "psycopg.Connection[tuple[object, ...]]":
    host = str(server.url(role).query["host"])
    return psycopg.connect(host=host, user=role, dbname=DATABASE, autocommit=True)


def ask(server: Server, question: str, role: str = OWNER) -> object:
    with closing(connect(server, role)) as connection:
        cursor = connection.execute(question.encode())
        return cursor.fetchall()[0][0] if cursor.description else None
