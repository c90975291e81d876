"""What Alembic runs: the revisions under a lock, the functions at their end.

The lock is waited for without limit, since another upgrade is worth waiting for; a table's lock is
not, since every request queues behind whoever waits for one.
"""

from collections.abc import Collection

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from loyalty.migrations import functions
from loyalty.migrations.upgrade import head
from loyalty.settings import Settings

UPGRADE_LOCK = 0x6C6F79616C7479
"""The advisory lock of upgrades: "loyalty" in ASCII."""


def _run(connection: Connection, application: str | None, *, anew: bool = False) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS migration"))
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS migration.applied_functions ("
            " digest text NOT NULL, application text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
    )
    user = connection.execute(text("SELECT current_user")).scalar_one()
    role = application or user
    connection.commit()

    def at_the_end(
        ctx: MigrationContext, step: MigrationInfo, heads: Collection[str], run_args: object
    ) -> None:
        del ctx, step, run_args
        if set(heads) == {head()}:
            functions.apply(connection, application=role)

    context.configure(
        connection=connection,
        version_table="revision",
        version_table_schema="migration",
        transaction_per_migration=True,
        on_version_apply=at_the_end,
    )
    with context.begin_transaction():
        context.run_migrations()
    _apply_changed_functions(connection, role, anew=anew)


def _apply_changed_functions(connection: Connection, role: str, *, anew: bool) -> None:
    at = connection.execute(text("SELECT version_num FROM migration.revision")).scalar_one_or_none()
    applied = connection.execute(
        text("SELECT digest, application FROM migration.applied_functions")
    ).one_or_none()
    current = applied is not None and tuple(applied) == (functions.digest(), role)
    if at == head() and (anew or not current or _has_moved(connection)):
        functions.apply(connection, application=role)
    connection.commit()


def _has_moved(connection: Connection) -> bool:
    """Whether the database was restored into another cluster than its functions know."""
    known = "SELECT cluster FROM loyalty.feed_cluster ORDER BY era DESC LIMIT 1"
    here = "SELECT system_identifier FROM pg_control_system()"
    return bool(connection.scalar(text(f"SELECT ({known}) IS DISTINCT FROM ({here})")))  # noqa: S608 (two constants)


def _run_from_command_line() -> None:
    settings = Settings()
    engine = create_engine(settings.owner_url(), poolclass=NullPool)
    with engine.connect() as connection:
        _run(connection, settings.application_url().username)


if "connection" in context.config.attributes:
    attributes = context.config.attributes
    _run(
        attributes["connection"],
        attributes["application"],
        anew=attributes.get("apply_functions", False),
    )
else:
    _run_from_command_line()
