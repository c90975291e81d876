"""Our own sources, as the architecture tests read them.

Packages, modules, SQL functions and the MetaData of every package, found by looking rather than
by a list that could be forgotten.
"""

import ast
import functools
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData, Table

from tests.support.requirements import REPOSITORY

GROUND_FLOOR = ("ledger", "tiers", "benefits")
PACKAGES = (*GROUND_FLOOR, "loyalty", "api", "admin")
SCHEMAS = (*GROUND_FLOOR, "loyalty")
ERROR_ROOTS = {
    "ledger": "LedgerError",
    "tiers": "TiersError",
    "benefits": "BenefitsError",
    "loyalty": "LoyaltyError",
}

_SQL_FUNCTION = re.compile(
    r"(?im)^create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?P<name>[a-z0-9_.]+)"
)
_SQL_QUOTED_BODY = re.compile(r"(?s)(?P<tag>\$[a-z_]*\$).*?(?P=tag)")
_SQL_END = re.compile(r"(?is)begin\s+atomic\b.*?^end\s*;|;", re.MULTILINE)
_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def python_files(*packages: str) -> list[Path]:
    """Return every Python file of these packages, relative to the repository."""
    return sorted(
        path.relative_to(REPOSITORY)
        for package in packages
        for path in (REPOSITORY / package).rglob("*.py")
    )


def sql_files(*packages: str) -> list[Path]:
    """Return every SQL file of these packages, relative to the repository."""
    return sorted(
        path.relative_to(REPOSITORY)
        for package in packages
        for path in (REPOSITORY / package).rglob("*.sql")
    )


def text_of(path: Path) -> str:
    """Return what a file of the repository says."""
    return (REPOSITORY / path).read_text(encoding="utf-8")


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """Return the parsed form of a Python file."""
    return ast.parse(text_of(path), filename=str(path))


def statements_in(path: Path) -> Iterator[tuple[int, str]]:
    """Return the line and text of every string of a Python file that is not a docstring."""
    tree = tree_of(path)
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def without_comments(sql: str) -> str:
    """Return SQL with its comments blanked out, line numbers kept."""
    return _SQL_COMMENT.sub(lambda found: _blanked(found[0]), sql)


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """One function of a `sql/` folder."""

    path: Path
    line: int
    name: str
    lines: int


def sql_functions(path: Path) -> list[SqlFunction]:
    """Return the functions that an SQL file creates, whichever way their bodies are written."""
    sql = without_comments(text_of(path))
    unquoted = _SQL_QUOTED_BODY.sub(lambda found: _blanked(found[0]), sql)
    functions: list[SqlFunction] = []
    for found in _SQL_FUNCTION.finditer(unquoted):
        end = _SQL_END.search(unquoted, found.end())
        height = unquoted.count("\n", found.start(), end.end() if end else len(sql)) + 1
        line = sql.count("\n", 0, found.start()) + 1
        functions.append(SqlFunction(path, line, found["name"].lower(), height))
    return functions


def _blanked(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def modules(*packages: str) -> list[str]:
    """Return the dotted name of every module of these packages, migrations' revisions excepted."""
    names: list[str] = []
    for package in packages:
        names.append(package)
        names += [
            found.name
            for found in pkgutil.walk_packages([str(REPOSITORY / package)], package + ".")
            if ".migrations" not in found.name and not found.name.endswith("__main__")
        ]
    return names


def refusals(package: str) -> list[type[Exception]]:
    """Return the root of a package's errors and every class below it, wherever it is defined."""
    for name in modules(*PACKAGES):
        importlib.import_module(name)
    found = [getattr(importlib.import_module(f"{package}.errors"), ERROR_ROOTS[package])]
    for kind in found:  # grows while it is read, until no class is left
        found += [below for below in kind.__subclasses__() if below not in found]
    return found


@functools.cache
def metadata_of(package: str) -> MetaData | None:
    """Return the MetaData of a package, every table registered; none when it has no table."""
    found: set[MetaData] = set()
    for name in modules(package):
        if name.rpartition(".")[2] in {"tables", "schema"}:
            module = importlib.import_module(name)
            found |= {value for value in vars(module).values() if isinstance(value, MetaData)}
    assert len(found) <= 1, f"{package} has more than one MetaData"
    return found.pop() if found else None


def tables_of(package: str) -> list[Table]:
    """Return every table of a package."""
    metadata = metadata_of(package)
    return [] if metadata is None else sorted(metadata.tables.values(), key=lambda table: table.key)


@functools.cache
def relations(schema: str) -> frozenset[str]:
    """Return the names of every table and SQL function of a schema."""
    functions = {
        function.name.rpartition(".")[2]
        for path in sql_files(schema)
        for function in sql_functions(path)
    }
    return frozenset(functions | {table.name for table in tables_of(schema)})


def foreign_names(text: str, schemas: tuple[str, ...]) -> list[str]:
    """Return every `schema.relation` of these schemas that a text names."""
    found: list[str] = []
    for schema in schemas:
        named = re.findall(rf"(?<![\w.]){schema}\s*\.\s*\"?([a-z_0-9]+)", text)
        found += [f"{schema}.{name}" for name in named if name in relations(schema)]
    return found
