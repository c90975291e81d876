"""`loyalty bench` from end to end: rows for every budget, and nothing left behind."""

import json
import re
import subprocess
import sys
from pathlib import Path

from loyalty.bench import MEASUREMENTS
from tests.support.requirements import proving


def test_a_quick_run_answers_every_budget_and_cleans_up(tmp_path: Path) -> None:
    chosen = [one for one in MEASUREMENTS if proving() or one.name == "postings"]
    only = [word for one in chosen for word in ("--only", one.name)]
    file = tmp_path / "rows.json"

    ended = subprocess.run(
        [sys.executable, "-m", "loyalty", "bench", "--quick", "--json", str(file), *only],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert ended.returncode == 0, ended.stderr
    rows = json.loads(file.read_text())
    assert [row["name"] for row in rows] == [
        budget.name for one in chosen for budget in one.budgets
    ]
    assert all(row["value"] is None or row["value"] >= 0 for row in rows)
    assert all({"name", "value", "unit", "budget", "ok"} <= row.keys() for row in rows)
    made = re.search(r"making a database under (\S+)", ended.stderr)
    assert made is not None
    assert not Path(made[1]).exists()
