"""Figures that tests found out, and the page that shows them.

A test that counts or measures something worth telling asks for the `proof` fixture and says the
figure. `make prove` collects the figures of one full run and writes `docs/proofs.md` from them
with `python -m tests.support.proofs docs/proofs.md`. Ordinary runs record nothing.
"""

import json
import os
import platform
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.requirements import REPOSITORY, proving, worker

RECORD = REPOSITORY / ".cache" / "proofs.jsonl"

ENDINGS = {"passed": "passed", "failed": "failed", "skipped": "skipped", "error": "errors"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, the value with its unit, and the test that found it."""

    test: str
    name: str
    value: int | float | str
    unit: str
    command: str


class Proof(Protocol):
    """What the fixture hands out."""

    def __call__(self, name: str, value: float | str, unit: str = "", *, command: str = "") -> None:
        """Record one figure."""


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Proof:
    """Return `proof(name, value, unit, command=…)`, which records a figure in a full run."""

    def record(name: str, value: float | str, unit: str = "", *, command: str = "") -> None:
        test = request.node.nodeid
        command = command or f"make prove ARGS={test.partition('[')[0]}"
        if proving():
            _append(asdict(Figure(test, name, value, unit, command)))

    return record


def pytest_sessionstart() -> None:
    """Begin a full run's record with the machine it ran on."""
    if proving() and not worker():
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text("", encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End a full run's record with how many tests ran and how they ended."""
    if proving() and not worker():
        counts = {word: len(terminalreporter.stats.get(word, [])) for word in ENDINGS}
        _append({"counts": counts})


def page(lines: Iterable[str]) -> str:
    """Return the page of a run's record, figures in the order of their tests."""
    rows = [json.loads(line) for line in lines]
    figures = sorted(
        (Figure(**row) for row in rows if "test" in row), key=lambda figure: figure.test
    )
    counts: dict[str, int] = next((row["counts"] for row in rows if "counts" in row), {})
    ended = ", ".join(f"{counts.get(word, 0)} {name}" for word, name in ENDINGS.items())
    parts = [
        "# Proofs",
        "",
        "Written by `make prove`; every figure can be found again with the command beside it.",
        "",
        f"Run on {_machine()}. Tests: {ended}.",
    ]
    for module, found in groupby(figures, key=lambda figure: figure.test.partition("::")[0]):
        parts += ["", f"## {module}", "", "| what | figure | command |", "| --- | ---: | --- |"]
        parts += [f"| {f.name} | {_shown(f.value)} {f.unit} | `{f.command}` |" for f in found]
    return "\n".join(parts) + "\n"


def _machine() -> str:
    day = time.strftime("%d %B %Y", time.gmtime())
    return (
        f"{day}, {os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    )


def _shown(value: float | str) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.3g}" if isinstance(value, float) else value


def _append(row: dict[str, object]) -> None:
    with RECORD.open("a", encoding="utf-8") as record:
        record.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    with RECORD.open(encoding="utf-8") as recorded:
        Path(sys.argv[1]).write_text(page(recorded), encoding="utf-8")
