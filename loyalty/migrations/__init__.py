"""The history of the database, and the functions that are re-applied at its end.

One line of revisions for all schemas; `upgrade` brings a database to the newest one, `state` says
how far one has come. Alembic finds the revisions through the package, so an installed wheel can
upgrade its database.
"""

from loyalty.migrations.functions import digest
from loyalty.migrations.upgrade import State, head, state, upgrade

__all__ = ["State", "digest", "head", "state", "upgrade"]
