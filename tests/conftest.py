"""The fixtures that every test may ask for."""

from loyalty.bootstrap import freeze_memory
from tests.support.database import (
    clone,
    cluster,
    connection,
    database,
    empty_clone,
    owner_connection,
    rolled_back,
)

__all__ = [
    "clone",
    "cluster",
    "connection",
    "database",
    "empty_clone",
    "owner_connection",
    "rolled_back",
]


def pytest_collection_finish() -> None:
    """Leave modules and collected tests out of every later search for garbage."""
    freeze_memory()
