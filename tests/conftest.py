"""The fixtures that every test may ask for."""

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
