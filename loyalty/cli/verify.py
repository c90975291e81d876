"""``loyalty verify``: prove that the books and the counters agree."""

import sys
import time
from typing import Final

import click
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cli.running import run
from loyalty.verify import VERIFIERS

_TABLES: Final = text(
    "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND n.nspname = :schema ORDER BY 1"
)


@click.command()
def verify() -> None:
    """Prove every invariant from what is stored; exit 1 and name the first bad row otherwise."""
    if not run(_prove):
        sys.exit(1)


async def _prove(application: Application) -> bool:
    """Run every verifier in one snapshot and tell what each found, over how many rows."""
    sound = True
    async with application.database.snapshot() as connection:
        for package, find in VERIFIERS.items():
            begun = time.perf_counter()
            findings = await find(connection)
            seconds = time.perf_counter() - begun
            rows = await _rows(connection, package)
            click.echo(
                f"{package}: {rows:,} rows in {seconds:.1f} s ({rows / seconds:,.0f} rows/s)"
            )
            for found in findings:
                sound = False
                click.echo(f"  {found.check}: {found.row}: {found.seen}, not {found.wanted}")
    click.echo("every invariant holds" if sound else "the first bad row of each is named above")
    return sound


async def _rows(connection: AsyncConnection, schema: str) -> int:
    total: int = 0
    for (table,) in (await connection.execute(_TABLES, {"schema": schema})).all():
        counted = await connection.execute(select(func.count()).select_from(text(table)))
        total += counted.scalar_one()
    return total
