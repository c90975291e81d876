"""Bringing a database to the newest revision, and asking how far it has come."""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from loyalty.migrations.functions import digest

LOCATION = "loyalty:migrations"
_MISSING = {"3F000", "42P01", "42501"}


@dataclass(frozen=True, slots=True)
class State:
    """How far a database has come, beside what this release wants."""

    revision: str | None
    wanted_revision: str
    functions: str | None
    wanted_functions: str
    application: str | None

    def is_current(self) -> bool:
        """Whether the database is what this release was written for."""
        return self.revision == self.wanted_revision and self.functions == self.wanted_functions


def upgrade(
    owner: URL, *, application: str, revision: str = "head", apply_functions: bool = False
) -> None:
    """Bring the database to a revision; at the newest one the functions are applied too.

    Two upgrades at once are one after the other. Each revision is a transaction of its own; the
    functions share that of the last, and are applied again when they changed or when told to.
    """
    engine = create_engine(owner, poolclass=NullPool)
    with engine.connect() as connection:
        config = configuration()
        config.attributes.update(
            connection=connection, application=application, apply_functions=apply_functions
        )
        command.upgrade(config, revision)
    engine.dispose()


def configuration() -> Config:
    """Alembic's configuration, which needs no file."""
    config = Config()
    config.set_main_option("script_location", LOCATION)
    return config


def head() -> str:
    """The newest revision of this release."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    if newest is None:
        raise LookupError("the package holds no revisions")
    return newest


async def state(connection: AsyncConnection) -> State:
    """How far the database has come; call it on a connection in AUTOCOMMIT."""
    revision = functions = application = None
    try:
        found = await connection.execute(text("SELECT version_num FROM migration.revision"))
        revision = found.scalar_one_or_none()
        applied = await connection.execute(
            text("SELECT digest, application FROM migration.applied_functions")
        )
        functions, application = applied.one_or_none() or (None, None)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in _MISSING:
            raise
    return State(revision, head(), functions, digest(), application)
