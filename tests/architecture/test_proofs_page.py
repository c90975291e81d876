"""The page of proofs: figures from a full run, each with the command that finds it again."""

import json
from pathlib import Path

import pytest

from tests.support import proofs

FIGURES = [
    {"test": "tests/b/test_b.py::test_two", "name": "rows", "value": 1469307, "unit": "lines"},
    {"test": "tests/a/test_a.py::test_one", "name": "import", "value": 31.4159, "unit": "s"},
]


def test_the_page_shows_every_figure_under_its_test_file_and_how_the_run_ended() -> None:
    lines = [json.dumps({**figure, "command": "make prove ARGS=x"}) for figure in FIGURES]
    lines.append(json.dumps({"counts": {"passed": 12, "skipped": 1}}))

    page = proofs.page(lines)

    assert "12 passed, 0 failed, 1 skipped, 0 errors" in page
    assert "| import | 31.4 s | `make prove ARGS=x` |" in page
    assert "| rows | 1,469,307 lines | `make prove ARGS=x` |" in page
    assert page.index("## tests/a/test_a.py") < page.index("## tests/b/test_b.py")


def test_a_figure_is_recorded_in_full_runs_only(
    proof: proofs.Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "proofs.jsonl"
    monkeypatch.setattr(proofs, "RECORD", record)

    monkeypatch.setenv("LOYALTY_PROVE", "")
    proof("seconds", 1, "s")
    assert not record.exists()

    monkeypatch.setenv("LOYALTY_PROVE", "1")
    proof("seconds", 2, "s")
    (line,) = record.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["value"] == 2
    assert "test_a_figure_is_recorded_in_full_runs_only" in json.loads(line)["command"]
