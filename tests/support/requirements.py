"""What a proof needs of the machine, and how hard this run is to try.

Here live the markers for tools and data that not every machine has, the rule that a skip fails the
run under `LOYALTY_REQUIRE_ALL=1`, and the one place that says how large a sample is. Every run
loads this module as a plugin; a test names what it needs: `@needs_chromium`.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"


def require_all() -> bool:
    """Whether a skip fails the run, as it does where every tool has been installed."""
    return os.environ.get("LOYALTY_REQUIRE_ALL", "") == "1"


def proving() -> bool:
    """Whether this run is `make prove`: whole data sets, all repeats, long kills."""
    return os.environ.get("LOYALTY_PROVE", "") == "1"


def worker() -> str:
    """Return which of a run's processes this is: `gw0`, `gw1`, …, or `` for the only one."""
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def sample(*, quick: int, full: int) -> int:
    """Return how many rows, repeats or seconds this run takes: quick (20 s at most) or full."""
    return full if proving() else quick


def chromium_path() -> Path | None:
    """Return the distribution's Chromium or the one `LOYALTY_CHROMIUM` names, if it is here."""
    named = os.environ.get("LOYALTY_CHROMIUM")
    return Path(named) if named else _program("chromium", "chromium-browser", "google-chrome")


def pgbench_path() -> Path | None:
    """Return pgbench: the newest in Debian's folders by version, or the one on the path."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pgbench"), key=lambda path: int(path.parts[-3])
    )
    return installed[-1] if installed else _program("pgbench")


def hledger_path() -> Path | None:
    """Return hledger, the independent reader of our books, if it is here."""
    return _program("hledger")


def shared_data(name: str) -> Path:
    """Return the folder of a shared data set; only a test marked `needs_shared` may ask."""
    return SHARED / "data" / name


def _program(*names: str) -> Path | None:
    found = (shutil.which(name) for name in names)
    return next((Path(path) for path in found if path), None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A tool or a data set, and how to tell that it is missing."""

    marker: str
    sentence: str
    missing: Callable[[], bool]


REQUIREMENTS = (
    Requirement("needs_chromium", "Chromium", lambda: chromium_path() is None),
    Requirement("needs_hledger", "hledger", lambda: hledger_path() is None),
    Requirement("needs_pgbench", "pgbench beyond the wheel's", lambda: pgbench_path() is None),
    Requirement("needs_shared", "../shared", lambda: not SHARED.is_dir()),
)

needs_chromium = pytest.mark.needs_chromium
needs_hledger = pytest.mark.needs_hledger
needs_pgbench = pytest.mark.needs_pgbench
needs_shared = pytest.mark.needs_shared

_SKIPS = pytest.StashKey["Skips"]()


class Skips:
    """Every skip of a run, with its reason, wherever it ran: reports come in from each worker."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a skipped test."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._remember(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a module that was skipped as a whole."""
        if report.skipped:
            self._remember(report)

    def _remember(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        self.lines.append(f"{report.nodeid}: {why.removeprefix('Skipped: ')}")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and listen for skips."""
    config.stash[_SKIPS] = Skips()
    config.pluginmanager.register(config.stash[_SKIPS])
    for requirement in REQUIREMENTS:
        config.addinivalue_line(
            "markers", f"{requirement.marker}: runs only where there is {requirement.sentence}"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, by name, what this machine cannot run."""
    for requirement in REQUIREMENTS:
        marked = [item for item in items if item.get_closest_marker(requirement.marker)]
        if marked and requirement.missing():
            skip = pytest.mark.skip(reason=f"there is no {requirement.sentence} here")
            for item in marked:
                item.add_marker(skip)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Make a run that had to run everything fail when something was skipped."""
    if require_all() and session.config.stash[_SKIPS].lines and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List each skip by name."""
    skips = terminalreporter.config.stash[_SKIPS].lines
    if not os.environ.get("STRIPE_TEST_KEY"):
        line = (
            "STRIPE_TEST_KEY is not set: nothing was proved on Stripe itself, only on our double."
        )
        terminalreporter.write_line(line, yellow=True)
    if not skips:
        return
    terminalreporter.section("skipped here", sep="-")
    for line in skips:
        terminalreporter.write_line(line)
    if require_all():
        terminalreporter.write_line("LOYALTY_REQUIRE_ALL=1: a skip fails this run.", red=True)
