"""``loyalty bench``: hold the programme against its budgets, beside pgbench and a bare endpoint."""

import sys
from pathlib import Path

import click

from loyalty.bench import FULL, MEASUREMENTS, QUICK, run_benchmarks, show, write_rows
from loyalty.cli.progress import tell

MISSED = 1


@click.command()
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write one row a budget into this file.",
)
@click.option(
    "--only",
    "names",
    multiple=True,
    type=click.Choice([one.name for one in MEASUREMENTS]),
    help="Measure this alone; may be given again.",
)
@click.option("--quick", is_flag=True, help="Small sizes, one run each: to see that it works.")
def bench(file: Path | None, names: tuple[str, ...], *, quick: bool) -> None:
    """Measure what the budgets bind; exit 1 when one is missed.

    Everything runs on a PostgreSQL of its own, made for the run and removed afterwards. The
    figures of a quick run mean nothing and miss no budget.
    """
    figures = run_benchmarks(QUICK if quick else FULL, names, tell)
    show(figures)
    if file is not None:
        write_rows(file, figures)
    if not quick and any(figure.ok is False for figure in figures):
        sys.exit(MISSED)
