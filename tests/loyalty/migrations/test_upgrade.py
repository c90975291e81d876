"""An upgrade happens once, whoever asks, and also on the oldest server we promise."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL

from loyalty import migrations
from loyalty.database import Database
from loyalty.doctor import examine_checksums, examine_roles, examine_version
from loyalty.migrations import functions
from loyalty.postgres import APPLICATION
from loyalty.postgres.account import Account, server_account
from loyalty.settings import DRIVER
from tests.support.database import Clone

REPOSITORY = Path(__file__).parents[3]
RACER = """
import sys
from sqlalchemy.engine import make_url
from loyalty import migrations
migrations.upgrade(make_url(sys.argv[1]), application=sys.argv[2])
"""
OLDEST = Path("/usr/lib/postgresql/15/bin")


def ask(url: URL, question: str) -> list[tuple[object, ...]]:
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        cursor = connection.execute(question.encode())
        return cursor.fetchall() if cursor.description else []


async def state_of(url: URL) -> migrations.State:
    database = Database.at(url)
    async with database.read() as connection:
        found = await migrations.state(connection)
    await database.dispose()
    return found


async def test_an_empty_database_comes_to_this_release(empty_clone: Clone) -> None:
    before = await state_of(empty_clone.application)

    migrations.upgrade(empty_clone.owner, application=APPLICATION)

    after = await state_of(empty_clone.application)
    assert (before.revision, before.is_current()) == (None, False)
    assert after.is_current()
    assert after.application == APPLICATION


async def test_two_upgrades_at_once_are_one_after_the_other(empty_clone: Clone) -> None:
    url = empty_clone.owner.render_as_string(hide_password=False)
    command = [sys.executable, "-c", RACER, url, APPLICATION]
    racers = [await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY) for _ in range(3)]

    assert [await racer.wait() for racer in racers] == [0, 0, 0]
    assert (await state_of(empty_clone.application)).is_current()


async def test_changed_functions_are_applied_without_a_revision(clone: Clone) -> None:
    ask(clone.owner, "UPDATE migration.applied_functions SET digest = 'of the last release'")
    ask(clone.owner, "DROP SCHEMA IF EXISTS nothing")

    migrations.upgrade(clone.owner, application=APPLICATION)

    assert (await state_of(clone.application)).is_current()


async def test_a_failing_function_leaves_the_last_revision_undone(
    empty_clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "scripts", lambda: iter([("x/sql/broken.sql", "SELEC 1")]))

    with pytest.raises(psycopg.errors.SyntaxError) as failure:
        migrations.upgrade(empty_clone.owner, application=APPLICATION)

    assert failure.value.__notes__ == ["while applying x/sql/broken.sql"]
    assert (await state_of(empty_clone.owner)).revision == f"{int(migrations.head()) - 1:04}"


def test_roles_are_put_where_scripts_name_them(clone: Clone) -> None:
    placed = functions._PLACEHOLDER.sub(
        lambda found: f"<{found[1]}>",
        "GRANT x TO :application; y::owner; z :ownership; ALTER t OWNER TO :owner;",
    )

    assert placed == ("GRANT x TO <application>; y::owner; z :ownership; ALTER t OWNER TO <owner>;")


async def test_one_role_for_both_still_works(empty_clone: Clone) -> None:
    migrations.upgrade(empty_clone.owner, application=empty_clone.owner.username or "")

    assert (await state_of(empty_clone.owner)).is_current()


@pytest.fixture(scope="module")
def oldest() -> Iterator[tuple[URL, URL]]:
    """PostgreSQL 15 of the distribution, on a socket of its own: its owner and its application."""
    if not OLDEST.is_dir():
        pytest.skip("PostgreSQL 15 of the distribution is not installed")
    account = server_account()
    directory = Path(tempfile.mkdtemp(prefix="loyalty-pg15-"))
    account.give(directory)
    try:
        initialise(account, directory)
        yield from served(account, directory)
    finally:
        shutil.rmtree(directory)


def initialise(account: Account, directory: Path) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    command = [str(OLDEST / "initdb"), "-D", str(directory / "data"), "--no-sync", *options]
    made = account.run(command)
    assert made.returncode == 0, made.stderr


def served(account: Account, directory: Path) -> Iterator[tuple[URL, URL]]:
    options = f"-k {directory} -c listen_addresses= -c fsync=off"
    data, log = str(directory / "data"), str(directory / "log")
    control = [str(OLDEST / "pg_ctl"), "-D", data, "-w", "-l", log]
    started = account.run([*control, "-o", options, "start"])
    assert started.returncode == 0, started.stderr
    try:
        url = URL.create(DRIVER, "postgres", database="postgres", query={"host": str(directory)})
        ask(url, "CREATE ROLE keeper LOGIN")
        ask(url, "CREATE ROLE shop LOGIN")
        ask(url, "CREATE DATABASE programme OWNER keeper")
        placed = url.set(database="programme")
        yield placed.set(username="keeper"), placed.set(username="shop")
    finally:
        account.run([*control, "-m", "immediate", "stop"])


async def test_the_oldest_promised_server_comes_to_this_release(oldest: tuple[URL, URL]) -> None:
    owner, application = oldest

    migrations.upgrade(owner, application="shop")

    assert (await state_of(application)).is_current()
    database = Database.at(application)
    async with database.read() as connection:
        roles = await examine_roles(connection)
        version = await examine_version(connection)
        checksums = await examine_checksums(connection)
    await database.dispose()
    assert roles == []
    assert {finding.severity for finding in version} <= {"caution"}
    assert [finding.name for finding in checksums] == ["data-checksums"]


def test_the_psql_of_the_oldest_server_is_the_oldest() -> None:
    if not OLDEST.is_dir():
        pytest.skip("PostgreSQL 15 of the distribution is not installed")
    said = subprocess.run(
        [OLDEST / "psql", "--version"], check=True, capture_output=True, text=True
    )

    assert " 15." in said.stdout
