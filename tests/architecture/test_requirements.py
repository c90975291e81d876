"""The runner itself: a skip is told by name, and fails the run where everything must run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY

SKIPPING = """
import pytest

def test_runs(): assert 1 + 1 == 2

@pytest.mark.skipif(True, reason="there is no moon here")
def test_needs_the_moon(): pass
"""

ALONE = {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

RUNNING = """
def test_runs(): assert 1 + 1 == 2
"""


def run(
    source: str, folder: Path, workers: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a test file of its own with our plugin and nothing else of ours."""
    file = folder / "test_moon.py"
    file.write_text(source, encoding="utf-8")
    plugins = "-p xdist.plugin -p tests.support.requirements -p no:cacheprovider"
    options = f"-q -n {workers} {plugins} -c {os.devnull}"
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), "--rootdir", folder, file],
        cwd=REPOSITORY,
        env={**os.environ, **ALONE, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_skip_is_listed_by_name(tmp_path: Path) -> None:
    ended = run(SKIPPING, tmp_path, LOYALTY_REQUIRE_ALL="")

    assert ended.returncode == pytest.ExitCode.OK
    assert "test_moon.py::test_needs_the_moon: there is no moon here" in ended.stdout
    assert "1 passed, 1 skipped" in ended.stdout


@pytest.mark.parametrize("workers", [0, 2])
def test_a_skip_fails_the_run_where_everything_must_run(tmp_path: Path, workers: int) -> None:
    ended = run(SKIPPING, tmp_path, workers, LOYALTY_REQUIRE_ALL="1")

    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "LOYALTY_REQUIRE_ALL=1: a skip fails this run." in ended.stdout


def test_a_run_without_skips_passes_where_everything_must_run(tmp_path: Path) -> None:
    ended = run(RUNNING, tmp_path, LOYALTY_REQUIRE_ALL="1")

    assert ended.returncode == pytest.ExitCode.OK
    assert "1 passed" in ended.stdout


@pytest.mark.parametrize("workers", [0, 2])
def test_a_module_that_skips_itself_fails_the_run_too(tmp_path: Path, workers: int) -> None:
    source = "import pytest\npytest.skip('there is no sun here', allow_module_level=True)\n"
    ended = run(source + RUNNING, tmp_path, workers, LOYALTY_REQUIRE_ALL="1")

    assert ended.returncode != pytest.ExitCode.OK
    assert "there is no sun here" in ended.stdout
