"""Making a cluster: its files, who may enter, its two roles and its one database.

Peer authentication on a socket in a private directory: the operating system vouches for the user,
and there is no password to keep. Sort order comes from PostgreSQL's own C.UTF-8, so no update of
the system library can change an index.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from loyalty.postgres.account import Account, current_user
from loyalty.postgres.binaries import Binaries
from loyalty.postgres.errors import CreationFailed, VersionMismatch

SUPERUSER = "postgres"
OWNER = "loyalty_owner"
APPLICATION = "loyalty_app"
DATABASE = "loyalty"

SETTINGS: Mapping[str, str] = {
    "autovacuum_naptime": "10s",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "wal_compression": "on",
}


def create(place: Path, binaries: Binaries, account: Account, settings: Mapping[str, str]) -> Path:
    """Make the data directory below a place, whole or not at all, and say where it is."""
    data = place / "data"
    if (data / "PG_VERSION").exists():
        return data
    draft = place / f"data.draft-{secrets.token_hex(4)}"
    draft.mkdir(mode=0o700)
    account.give(draft)
    command: list[str | Path] = [
        binaries.program("initdb"),
        *("--pgdata", draft),
        *("--username", SUPERUSER),
        "--data-checksums",
        *("--encoding", "UTF8", "--locale", "C"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *("--auth", "peer"),
    ]
    for name, value in {**SETTINGS, **settings}.items():
        command += ["--set", f"{name}={value}"]
    if settings.get("fsync") == "off":
        command.append("--no-sync")
    answer = account.run(command)
    if answer.returncode != 0:
        raise CreationFailed(path=str(place), reason=(answer.stderr or answer.stdout).strip())
    draft.rename(data)
    return data


def admit(data: Path, account: Account) -> None:
    """Let this operating-system user connect as each of the roles, and nobody else."""
    user = current_user()
    roles = (SUPERUSER, OWNER, APPLICATION)
    files = {
        "pg_hba.conf": "local all all peer map=loyalty\nlocal replication all peer map=loyalty\n",
        "pg_ident.conf": "".join(f'loyalty "{user}" {role}\n' for role in roles),
    }
    for name, text in files.items():
        path = data / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        account.give(path)


def refuse_other_version(data: Path, binaries: Binaries) -> None:
    """Refuse data that another major version wrote, before PostgreSQL does it less kindly."""
    seen = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    wanted = binaries.version().partition(".")[0]
    if seen != wanted:
        raise VersionMismatch(path=str(data), seen=seen, wanted=wanted)


def furnish(sockets: Path) -> None:
    """Make the two roles and the database if they are not there; harmless to repeat.

    The application may have pages logged as they are where it changes a great many (0261).
    """
    with psycopg.connect(
        host=str(sockets), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        for role in (OWNER, APPLICATION):
            known = "SELECT FROM pg_catalog.pg_roles WHERE rolname = %s"
            if connection.execute(known, [role]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        may = sql.SQL("GRANT SET ON PARAMETER wal_compression TO {}")
        connection.execute(may.format(sql.Identifier(APPLICATION)))
        known = "SELECT FROM pg_catalog.pg_database WHERE datname = %s"
        if connection.execute(known, [DATABASE]).fetchone() is None:
            make = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
            connection.execute(make.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
