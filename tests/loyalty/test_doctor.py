"""Each fault of a deployment is found, and comes with the way out."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from loyalty import doctor, migrations
from loyalty.bootstrap import build
from loyalty.doctor import Finding
from loyalty.postgres import APPLICATION, OWNER, Server
from loyalty.postgres.account import server_account
from loyalty.settings import Settings
from tests.support.database import Clone
from tests.support.homes import read_record, swept_home


@asynccontextmanager
async def connected(url: URL) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@pytest.fixture
def home() -> Iterator[Path]:
    """A real home, durable, brought up to date."""
    with swept_home() as home:
        with Server(home, create=True, report=print) as server:
            migrations.upgrade(server.url(OWNER), application=APPLICATION)
        yield home


def only(findings: object) -> Finding:
    assert isinstance(findings, list | tuple)
    (finding,) = findings
    assert isinstance(finding, Finding)
    assert finding.mend
    return finding


async def test_an_embedded_database_is_sound(home: Path) -> None:
    async with build(Settings(home=home)) as application:
        found = await doctor.examine(application)
        assert [finding.name for finding in found] == ["mail-off", "stripe-off"]


async def test_a_deployment_that_cannot_keep_its_promises_is_told_so(clone: Clone) -> None:
    url = SecretStr(clone.owner.render_as_string(hide_password=False))
    async with build(Settings(database_url=url)) as application:
        names = {finding.name for finding in await doctor.examine(application)}

    assert names == {
        "fsync",
        "full-page-writes",
        "synchronous-commit",
        "application-owns",
        "grants",
        "mail-off",
        "stripe-off",
    }


async def test_a_server_too_old_is_wrong(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLDEST_SERVER", 990_000)
    async with connected(clone.application) as connection:
        assert only(await doctor.examine_version(connection)).name == "server-version"


async def test_an_old_minor_release_is_a_caution(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "NEWEST_MINORS", {18: 99})
    async with connected(clone.application) as connection:
        assert only(await doctor.examine_version(connection)).name == "server-minor"
    assert only(doctor.examine_binaries()).name == "embedded-binaries"


async def test_missing_checksums_are_a_caution(home: Path) -> None:
    with Server(home, report=print) as server:
        programs = server.binaries
    data = Path(read_record(home)["data"])
    answer = server_account().run([programs.program("pg_checksums"), "--disable", "-D", data])
    assert answer.returncode == 0, answer.stderr

    with Server(home, report=print) as server:
        async with connected(server.url(APPLICATION)) as connection:
            assert only(await doctor.examine_checksums(connection)).name == "data-checksums"


async def test_an_encoding_without_chinese_is_wrong(clone: Clone) -> None:
    name = f"{clone.name}_latin"
    admin = clone.superuser.set(drivername="postgresql", database="postgres").render_as_string()
    with psycopg.connect(admin, autocommit=True) as superuser:
        make = "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
        superuser.execute(f"CREATE DATABASE {name} {make}".encode())
    async with connected(clone.superuser.set(database=name)) as connection:
        assert only(await doctor.examine_encoding(connection)).name == "encoding"
    with psycopg.connect(admin, autocommit=True) as superuser:
        superuser.execute(f"DROP DATABASE {name}".encode())


async def test_a_database_without_migrations_is_wrong(empty_clone: Clone) -> None:
    async with connected(empty_clone.application) as connection:
        finding = only(await doctor.examine_schema(connection))

    assert finding.name == "migrations"
    assert "revision none" in finding.seen
    assert "loyalty db upgrade" in finding.mend


async def test_functions_of_another_release_are_wrong(
    clone: Clone, owner_connection: AsyncConnection
) -> None:
    await owner_connection.execute(text("UPDATE migration.applied_functions SET digest = 'old'"))
    async with connected(clone.application) as connection:
        assert only(await doctor.examine_schema(connection)).name == "functions"


async def test_grants_to_another_role_are_wrong(
    clone: Clone, owner_connection: AsyncConnection
) -> None:
    await owner_connection.execute(text("UPDATE migration.applied_functions SET application = 'x'"))
    async with connected(clone.application) as connection:
        assert only(await doctor.examine_schema(connection)).name == "grants"


async def test_an_application_that_owns_its_tables_is_wrong(clone: Clone) -> None:
    async with connected(clone.owner) as connection:
        finding = only(await doctor.examine_roles(connection))

    assert finding.name == "application-owns"
    assert "LOYALTY_OWNER_DATABASE_URL" in finding.mend


async def test_an_application_with_powers_is_wrong(clone: Clone) -> None:
    async with connected(clone.superuser) as connection:
        names = {finding.name for finding in await doctor.examine_roles(connection)}

    assert "application-powers" in names


async def test_clocks_that_disagree_are_a_caution(clone: Clone) -> None:
    async with connected(clone.application) as connection:
        assert await doctor.examine_clock(connection) == []
        there = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(0)
        with time_machine.travel(there, tick=True):
            assert only(await doctor.examine_clock(connection)).name == "clock"
