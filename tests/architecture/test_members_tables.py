"""Which rows are about a member: by a column, or by saying that they are about nobody.

Erasing, exporting and merging a member must reach every row about that person. A table either
leads to a member (or a ledger holder), or stands in its package's `PROGRAMME_WIDE`.
"""

import importlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Table

from tests.support.source import SCHEMAS, modules, tables_of

LEADS_TO_A_MEMBER = {"member", "holder"}


def programme_wide(package: str) -> set[str]:
    """Return the tables that a package declares to be about no member."""
    declared: set[str] = set()
    for name in modules(package):
        if name.rpartition(".")[2] == "tables":
            declared |= getattr(importlib.import_module(name), "PROGRAMME_WIDE", frozenset())
    return declared


def follow(table: Table, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the columns that lead to a member, through foreign keys of the same schema."""
    yield from LEADS_TO_A_MEMBER & set(table.columns.keys())
    for key in table.foreign_key_constraints:
        if key.referred_table.key not in seen | {table.key}:
            yield from follow(key.referred_table, seen | {table.key})


@pytest.mark.parametrize("package", SCHEMAS)
def test_every_table_leads_to_a_member_or_is_declared_programme_wide(package: str) -> None:
    silent = {table.name for table in tables_of(package) if not any(follow(table))}

    assert silent - programme_wide(package) == set()


@pytest.mark.parametrize("package", SCHEMAS)
def test_what_is_declared_programme_wide_is_a_table(package: str) -> None:
    assert programme_wide(package) - {table.name for table in tables_of(package)} == set()
