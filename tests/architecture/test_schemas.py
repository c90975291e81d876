"""Four schemas, each the business of one package, and constraints that are sentences."""

import itertools
import re
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Constraint, PrimaryKeyConstraint

from tests.support.source import (
    GROUND_FLOOR,
    SCHEMAS,
    foreign_names,
    metadata_of,
    python_files,
    relations,
    sql_files,
    statements_in,
    tables_of,
    text_of,
    without_comments,
)

SENTENCE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+){1,}")


@pytest.mark.parametrize("package", SCHEMAS)
def test_a_package_keeps_its_tables_in_its_own_schema(package: str) -> None:
    metadata = metadata_of(package)

    assert metadata is not None
    assert {table.schema for table in metadata.tables.values()} == {package}


@pytest.mark.parametrize("package", GROUND_FLOOR)
def test_no_foreign_key_leaves_a_ground_floor_schema(package: str) -> None:
    leaving = [
        f"{table.key} → {key.target_fullname}"
        for table in tables_of(package)
        for key in table.foreign_keys
        if not key.target_fullname.startswith(f"{package}.")
    ]

    assert leaving == []


@pytest.mark.parametrize("package", SCHEMAS)
def test_no_sql_function_names_a_relation_of_another_schema(package: str) -> None:
    others = tuple(schema for schema in SCHEMAS if schema != package)

    assert _named_in_sql(sql_files(package), others) == []


@pytest.mark.parametrize("package", SCHEMAS)
def test_no_statement_names_a_relation_of_another_schema(package: str) -> None:
    others = tuple(schema for schema in SCHEMAS if schema != package)
    files = [path for path in python_files(package) if "migrations" not in path.parts]

    assert _named_in_python(files, others) == []


@pytest.mark.parametrize("package", ["api", "admin"])
def test_the_top_floor_names_no_relation_at_all(package: str) -> None:
    assert _named_in_python(python_files(package), SCHEMAS) == []


@pytest.mark.parametrize("package", GROUND_FLOOR)
def test_a_ground_floor_migration_touches_its_own_schema_only(package: str) -> None:
    others = tuple(schema for schema in SCHEMAS if schema != package)
    files = [
        path
        for path in python_files("loyalty")
        if path.parent.name == "versions" and path.stem.endswith(f"_{package}")
    ]

    assert files
    assert _named_in_python(files, others) == []


def test_the_search_for_foreign_names_finds_one() -> None:
    table = next(iter(relations("ledger")))

    assert foreign_names(f"select 1 from ledger . {table} w", ("ledger",)) == [f"ledger.{table}"]
    assert foreign_names(f'select 1 from ledger."{table}"', ("ledger",)) == [f"ledger.{table}"]
    assert foreign_names(f"select 1 from {table}", ("ledger",)) == []


@pytest.mark.parametrize("package", SCHEMAS)
def test_every_constraint_and_index_has_a_name_that_reads(package: str) -> None:
    for table in tables_of(package):
        for constraint in _named(table.constraints):
            assert isinstance(constraint.name, str), f"{table.key} has an unnamed {constraint!r}"
            assert SENTENCE.fullmatch(constraint.name), constraint.name
        for index in table.indexes:
            assert index.name
            assert SENTENCE.fullmatch(str(index.name)), index.name


def test_a_constraint_name_says_which_constraint_it_was() -> None:
    names = sorted(
        str(constraint.name)
        for package in SCHEMAS
        for table in tables_of(package)
        for constraint in _named(table.constraints)
    )

    assert [name for name, group in itertools.groupby(names) if len(list(group)) > 1] == []


def _named(constraints: set[Constraint]) -> list[Constraint]:
    """Leave out what SQLAlchemy adds by itself: an empty primary key, the check of an Enum."""
    return [
        constraint
        for constraint in constraints
        if not (isinstance(constraint, PrimaryKeyConstraint) and not len(constraint.columns))
        and not (isinstance(constraint, CheckConstraint) and not str(constraint.sqltext))
    ]


def _named_in_sql(files: list[Path], schemas: tuple[str, ...]) -> list[str]:
    return [
        f"{path}: {name}"
        for path in files
        for name in foreign_names(without_comments(text_of(path)), schemas)
    ]


def _named_in_python(files: list[Path], schemas: tuple[str, ...]) -> list[str]:
    return [
        f"{path}:{line}: {name}"
        for path in files
        for line, statement in statements_in(path)
        for name in foreign_names(statement, schemas)
    ]
