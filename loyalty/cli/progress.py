"""How long work shows where it is: a bar on a terminal, plain lines everywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Step = Callable[[int], None]
"""Called with how many more are done."""

LINE_SECONDS: Final = 2.0


def tell(line: str) -> None:
    """Say something about what is going on; results go to standard output, this does not."""
    click.echo(line, err=True)


@contextmanager
def progress(doing: str, total: int | None = None) -> Iterator[Step]:
    """Show progress through `total` things, or through an unknown number of them."""
    if sys.stderr.isatty():
        with _bar(total) as bar:
            task = bar.add_task(doing, total=total)
            yield lambda more: bar.advance(task, more)
        return
    lines = _Lines(doing, total)
    yield lines.step
    lines.end()


class _Lines:
    """Plain lines, one now and then, for logs and pipes."""

    def __init__(self, doing: str, total: int | None) -> None:
        self._doing = doing
        self._total = total
        self._done = 0
        self._begun = self._told = time.monotonic()

    def step(self, more: int) -> None:
        self._done += more
        now = time.monotonic()
        if now - self._told >= LINE_SECONDS:
            self._told = now
            self._tell()

    def end(self) -> None:
        self._tell(f" in {time.monotonic() - self._begun:.1f} s")

    def _tell(self, end: str = "") -> None:
        of = "" if self._total is None else f" of {self._total:,}"
        tell(f"{self._doing}: {self._done:,}{of}{end}")


def _bar(total: int | None) -> Progress:
    known = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    unknown = (SpinnerColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    return Progress(
        TextColumn("{task.description}"),
        *(unknown if total is None else known),
        console=Console(stderr=True),
    )
