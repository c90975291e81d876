"""A home that other users cannot reach, for the tests of the embedded server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty.postgres import Server
from tests.support.homes import furnished, ignore, sweep

__all__ = ["furnished", "home"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home under a directory that other users cannot enter, swept away afterwards."""
    home = tmp_path / ".loyalty"
    yield home
    if (home / "cluster.json").exists():
        with Server(home, report=ignore):
            pass
    sweep(home)
