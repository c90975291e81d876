"""The schema that the migrations make is the one that the tables say, compared in the catalogue.

Alembic's own comparison does not see CHECKs, index predicates, fillfactor or collations.
"""

import importlib
from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

import benefits.tables
import ledger.tables
import tiers.tables
from loyalty.schema import metadata as loyalty_metadata
from tests.support.database import Clone, Cluster
from tests.support.source import modules

METADATA: tuple[MetaData, ...] = (
    ledger.tables.metadata,
    tiers.tables.metadata,
    benefits.tables.metadata,
    loyalty_metadata,
)
SCHEMAS = ("ledger", "tiers", "benefits", "loyalty")

for name in modules("loyalty"):  # its tables stand in several modules
    if name.endswith(".tables"):
        importlib.import_module(name)

LOOKS = {  # a default is the same written 0 and '0'::bigint
    "tables": """
        SELECT format('%s.%s', n.nspname, c.relname), array_to_string(c.reloptions, ','),
               c.relkind::text, c.relpersistence::text
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    """,
    "columns": r"""
        SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname),
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               a.attgenerated::text,
               regexp_replace(pg_get_expr(d.adbin, d.adrelid), '^''(.*)''::[a-z ]+$', '\1'),
               (SELECT collname FROM pg_collation WHERE oid = a.attcollation)
        FROM pg_attribute AS a
        JOIN pg_class AS c ON c.oid = a.attrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT format('%s.%s.%s', n.nspname, c.relname, k.conname), k.contype::text,
               pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred
        FROM pg_constraint AS k
        JOIN pg_class AS c ON c.oid = k.conrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (:schemas) AND k.contype NOT IN ('n', 't')
    """,
    "indexes": """
        SELECT format('%s.%s', n.nspname, c.relname),
               replace(pg_get_indexdef(i.indexrelid), '''true''', '''on'''),
               i.indisunique, i.indnullsnotdistinct, pg_get_expr(i.indpred, i.indrelid)
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (:schemas)
    """,
}

FEED_ERA = "CREATE FUNCTION loyalty.feed_era() RETURNS integer LANGUAGE sql RETURN 1"
"""What a default calls."""

MADE_UP = """
    SELECT format('%s.%s', c.relname, k.conname)
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (
        SELECT string_agg(a.attname, '_' ORDER BY position) AS columns
        FROM unnest(k.conkey) WITH ORDINALITY AS u (number, position)
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = u.number
    ) AS on_columns ON true
    WHERE n.nspname = ANY (:schemas) AND k.contype <> 'n'
      AND k.conname ~ format('^%s(_%s)?_(pkey|fkey|key|check|excl)[0-9]*$', c.relname, columns)
"""
"""Constraints whose names PostgreSQL made up."""


@pytest.fixture(scope="module")
def migrated(rolled_back: Clone) -> URL:
    return rolled_back.superuser


@pytest.fixture(scope="module")
def declared(cluster: Cluster) -> Iterator[URL]:
    """A database made from the tables in Python alone."""
    with cluster.cloned(template="template0") as clone:
        engine = create_engine(clone.superuser, poolclass=NullPool)
        with engine.begin() as connection:
            for schema in SCHEMAS:
                connection.execute(text(f"CREATE SCHEMA {schema}"))
            connection.execute(text(FEED_ERA))
            for metadata in METADATA:
                metadata.create_all(connection, checkfirst=False)
        yield clone.superuser


def seen(url: URL, look: str) -> dict[str, tuple[object, ...]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text(LOOKS[look]), {"schemas": list(SCHEMAS)}).all()
    return {name: tuple(rest) for name, *rest in rows}


@pytest.mark.parametrize("look", LOOKS)
def test_the_migrations_make_what_the_tables_say(migrated: URL, declared: URL, look: str) -> None:
    in_migrations, in_tables = seen(migrated, look), seen(declared, look)

    named = in_migrations.keys() | in_tables.keys()
    differing = {
        name: (in_migrations.get(name), in_tables.get(name))
        for name in sorted(named)
        if in_migrations.get(name) != in_tables.get(name)
    }
    assert differing == {}


def test_there_is_something_to_compare(migrated: URL) -> None:
    for schema in SCHEMAS:
        assert any(name.startswith(f"{schema}.") for name in seen(migrated, "constraints"))


def test_every_constraint_has_a_name_of_its_own(migrated: URL) -> None:
    engine = create_engine(migrated, poolclass=NullPool)
    with engine.connect() as connection:
        found = connection.execute(text(MADE_UP), {"schemas": list(SCHEMAS)}).scalars().all()

    assert found == []
