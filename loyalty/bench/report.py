"""How the figures are shown: a table for people, rows for programs."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loyalty.bench.figures import Figure

PLAIN_WIDTH = 150
_VERDICTS = {True: "kept", False: "MISSED", None: "not measured"}


def write_rows(file: Path, figures: Sequence[Figure]) -> None:
    """Write one row a budget."""
    file.write_text(json.dumps([figure.row() for figure in figures], indent=2) + "\n")


def show(figures: Sequence[Figure]) -> None:
    """Print the figures with what they were measured on."""
    table = Table(title=_machine(), title_justify="left", title_style="")
    for heading in ("budget", "measured", "wanted", "", "how"):
        table.add_column(heading)
    for figure in figures:
        budget = figure.budget
        value = "-" if figure.value is None else f"{figure.value:,.4g} {budget.unit}"
        wanted = f"{budget.bound} {budget.limit:,.4g}"
        table.add_row(budget.name, value, wanted, _VERDICTS[figure.ok], figure.note)
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    console.print(table)


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}; load average at the end {load:.1f}"
    )
