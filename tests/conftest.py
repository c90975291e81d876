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
    rolling_back,
    wandering,
)

__all__ = [
    "clone",
    "cluster",
    "connection",
    "database",
    "empty_clone",
    "owner_connection",
    "rolled_back",
    "rolling_back",
    "wandering",
]


def pytest_collection_finish() -> None:
    """Leave modules and collected tests out of every later search for garbage."""
    freeze_memory()
