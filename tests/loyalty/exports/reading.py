"""The independent reader: Debian's hledger, asked to find fault."""

import os
import subprocess
from pathlib import Path

from tests.support.requirements import hledger_path


def check(path: Path, *more: str) -> str:
    """What hledger complains of in a journal; empty when it accepts every check."""
    asked = [str(hledger_path()), "-f", str(path), "check", "--strict", "ordereddates", *more]
    ran = subprocess.run(
        asked,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if ran.returncode == 0 else ran.stderr or "refused"
