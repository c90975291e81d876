"""The SQL functions and grants of every package: code, applied anew at each upgrade.

They lie in ``<package>/sql/*.sql`` and name two roles by placeholder: ``:owner`` and
``:application``. What was applied is remembered as a digest, which readiness compares.
"""

import hashlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, text

PACKAGES = ("ledger", "tiers", "benefits", "loyalty")

_PLACEHOLDER = re.compile(r"(?<![:\w]):(owner|application)\b")


def scripts() -> Iterator[tuple[str, str]]:
    """The name and text of each script, in the order in which they are applied."""
    for package in PACKAGES:
        for path in sorted((_folder(package) / "sql").glob("*.sql")):
            yield f"{package}/sql/{path.name}", path.read_text(encoding="utf-8")


def digest() -> str:
    """What stands for all the scripts of this release."""
    total = hashlib.sha256()
    for name, script in scripts():
        total.update(f"{name}\0{script}\0".encode())
    return total.hexdigest()


def apply(connection: Connection, *, application: str) -> None:
    """Apply every script in the caller's transaction and remember the digest."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    owner = connection.execute(text("SELECT current_user")).scalar_one()
    roles = {"owner": quote(owner), "application": quote(application)}
    driver = connection.connection.driver_connection
    if driver is None:
        raise LookupError("the connection is not open")
    with driver.cursor() as cursor:
        for name, script in scripts():
            statement = _PLACEHOLDER.sub(lambda match: roles[match[1]], script)
            try:
                if statement.strip():
                    cursor.execute(statement)
            except Exception as error:
                error.add_note(f"while applying {name}")
                raise
    connection.execute(text("DELETE FROM migration.applied_functions"))
    connection.execute(
        text("INSERT INTO migration.applied_functions (digest, application) VALUES (:d, :a)"),
        {"d": digest(), "a": application},
    )
    readable = "SCHEMA migration", "ALL TABLES IN SCHEMA migration"
    for right, what in zip(("USAGE", "SELECT"), readable, strict=True):
        connection.execute(text(f"GRANT {right} ON {what} TO {roles['application']}"))


def _folder(package: str) -> Path:
    """Where a package lies, without importing it: an upgrade needs its SQL and nothing else."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"the package {package} is not installed")
    return Path(spec.submodule_search_locations[0])
