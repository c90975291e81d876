"""``loyalty db``: make the database, ask how far it has come, back it up, restore it."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
import psycopg
from sqlalchemy.engine import URL

from loyalty import migrations
from loyalty.bootstrap import Application, Ownership, owned
from loyalty.cli.progress import tell
from loyalty.cli.running import cause_of, run
from loyalty.errors import LoyaltyError
from loyalty.migrations import State, state
from loyalty.postgres.binaries import find_binaries
from loyalty.settings import Settings
from loyalty.signing import make_first_signing_key

NOT_EMPTY: Final = (
    "SELECT nspname FROM pg_catalog.pg_namespace"
    " WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public') ORDER BY 1"
)


class DatabaseNotEmpty(LoyaltyError):
    """A backup is restored into an empty database only, and this one holds {seen}."""

    code = "database-not-empty"
    seen: str


class ToolFailed(LoyaltyError):
    """{tool} ended with "{reason}"."""

    code = "tool-failed"
    tool: str
    reason: str


@click.group()
def db() -> None:
    """Make the database, ask how far it has come, back it up, restore it."""


@db.command()
def upgrade() -> None:
    """Bring the database to this release, making it first if need be."""
    with owned(Settings(), create=True, report=tell) as ownership:
        bring_up_to_date(ownership)
    click.echo(f"the database is at revision {migrations.head()}")


@db.command()
def check() -> None:
    """Say how far the database has come; exit 1 when it is not at this release."""
    found = run(_state)
    click.echo(f"revision   {found.revision or 'none'} (this release: {found.wanted_revision})")
    applied = "current" if found.functions == found.wanted_functions else "not this release's"
    click.echo(f"functions  {applied}")
    if not found.is_current():
        click.echo("run `loyalty db upgrade`")
        sys.exit(1)


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database to a file, as of one instant, while the programme works."""
    draft = file.with_name(f"{file.name}.part")
    with owned(Settings(), report=tell) as ownership:
        command = ["--format=custom", f"--file={draft}"]
        _run_tool("pg_dump", command, ownership.owner)
    draft.replace(file)
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Read a backup into an empty database; all of it, or nothing."""
    with owned(Settings(), create=True, report=tell) as ownership:
        _refuse_if_not_empty(ownership.owner)
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        database = ownership.owner.database or ""
        _run_tool("pg_restore", [*options, f"--dbname={database}", str(file)], ownership.owner)
        migrations.upgrade(
            ownership.owner, application=ownership.application_role, apply_functions=True
        )
    click.echo(f"restored {file}; now run `loyalty verify`")


def bring_up_to_date(ownership: Ownership) -> None:
    """Run the migrations as the owner; then make the first signing key as the application."""
    migrations.upgrade(ownership.owner, application=ownership.application_role)
    run(_make_signing_key)


async def is_current(application: Application) -> bool:
    """Whether the database is at this release."""
    return (await _state(application)).is_current()


async def _state(application: Application) -> State:
    async with application.database.read() as connection:
        return await state(connection)


async def _make_signing_key(application: Application) -> None:
    await application.database.write(make_first_signing_key, cause_of(application))


def _refuse_if_not_empty(owner: URL) -> None:
    url = owner.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        found = [name for (name,) in connection.execute(NOT_EMPTY).fetchall()]
    if found:
        raise DatabaseNotEmpty(seen=", ".join(found))


def _run_tool(name: str, arguments: list[str], url: URL) -> None:
    """Run a program of PostgreSQL: the one on the path knows TLS, ours is always there.

    The password travels in the environment, where other users cannot read it.
    """
    embedded = "host" in url.query
    program = None if embedded else shutil.which(name)
    where = url.translate_connect_args(username="user", database="dbname")
    environment = {f"PG{key.upper()}": str(value) for key, value in where.items()}
    environment["PGDATABASE"] = environment.pop("PGDBNAME", "")
    for key, value in url.query.items():
        environment[f"PG{key.upper()}"] = str(value)
    answer = subprocess.run(
        [program or find_binaries().program(name), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    if answer.returncode != 0:
        raise ToolFailed(tool=name, reason=answer.stderr.strip()[-500:])
