"""pgbench: the opponent, and the driver of our own functions in the same way.

Its TPC-B-like transaction is what everybody knows of a PostgreSQL, on the same server with the same
settings. Our functions are called by the same program with the same number of clients, so both
sides pay the same for the client.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loyalty.bench.rig import OPPONENT, Rig
from loyalty.errors import LoyaltyError
from loyalty.postgres import DATABASE, OWNER

CLIENTS: Final = 8
THREADS: Final = 2

_RATE: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_FAILED: Final = re.compile(r"number of failed transactions: ([1-9][0-9]*)")


class PgbenchFailed(LoyaltyError):
    """The program pgbench ended with "{reason}"."""

    code = "pgbench-failed"
    reason: str


@dataclass(frozen=True, slots=True)
class Script:
    """What pgbench runs: the text of a transaction, and variables that the text uses."""

    text: str
    variables: Mapping[str, int] = field(default_factory=dict)


def find_pgbench(rig: Rig) -> Path | None:
    """The wheel's pgbench, or else the one on the path; None when there is none."""
    own = rig.program("pgbench")
    if own.is_file():
        return own
    found = shutil.which("pgbench")
    return None if found is None else Path(found)


def prepare_opponent(rig: Rig, pgbench: Path, scale: int) -> None:
    """Fill the opponent's tables and bring them to rest."""
    _run(pgbench, ["-i", "-q", "-s", str(scale), rig.libpq(OPPONENT, OWNER)])


def run_opponent(rig: Rig, pgbench: Path, seconds: int) -> float:
    """TPC-B-like transactions a second."""
    return _rate(pgbench, ["-T", str(seconds)], rig.libpq(OPPONENT, OWNER))


def run_script(
    rig: Rig,
    pgbench: Path,
    script: Script,
    *,
    seconds: int | None = None,
    transactions: int | None = None,
    database: str = DATABASE,
) -> float:
    """Transactions a second of our own, as the application's role; by time or by number.

    The script finds in `begun` a number of 15 digits that grows from run to run.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script.text)
        file.flush()
        length = ["-T", str(seconds)] if seconds else ["-t", str(transactions)]
        begun = int(rig.now().timestamp() * 100_000)
        told = {"begun": begun, **script.variables}
        variables = [f"--define={name}={value}" for name, value in told.items()]
        return _rate(pgbench, [*length, *variables, "-f", file.name], rig.libpq(database))


def _rate(pgbench: Path, options: Sequence[str], url: str) -> float:
    always = ["-n", "-c", str(CLIENTS), "-j", str(THREADS), "-M", "prepared"]
    said = _run(pgbench, [*always, *options, url])
    found = _RATE.search(said)
    if found is None or _FAILED.search(said):
        raise PgbenchFailed(reason=said.strip()[-300:])
    return float(found[1])


def _run(pgbench: Path, arguments: Sequence[str]) -> str:
    quiet = {**os.environ, "PGOPTIONS": "-c client_min_messages=warning"}
    answer = subprocess.run(
        [pgbench, *arguments], check=False, capture_output=True, text=True, env=quiet
    )
    if answer.returncode != 0:
        raise PgbenchFailed(reason=answer.stderr.strip()[:500])
    return answer.stdout
