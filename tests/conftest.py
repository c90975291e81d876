"""The fixtures that every test may ask for."""

from hypothesis import HealthCheck, settings

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

# A property does not fail because the machine is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_finish() -> None:
    """Leave modules and collected tests out of every later search for garbage."""
    freeze_memory()
