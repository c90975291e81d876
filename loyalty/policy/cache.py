"""Policies kept in the process: a published version never changes, so it is read once.

Which version is in force is asked of the database each time, in a statement that is needed
anyway; only the reading of its document is saved.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.policy.store import find_policy, policy_version_at
from loyalty.policy.types import Policy


class Policies:
    """The versions that this process has read."""

    def __init__(self) -> None:
        """Begin with none."""
        self._read: dict[int, Policy] = {}

    def known(self, version: int) -> Policy | None:
        """Return the version if it has been read."""
        return self._read.get(version)

    async def get(self, connection: AsyncConnection, version: int) -> Policy:
        """Return the version, reading it if it is new here."""
        found = self._read.get(version)
        if found is None:
            found = self._read[version] = await find_policy(connection, version)
        return found

    async def at(self, connection: AsyncConnection, at: datetime) -> Policy:
        """Return the policy in force at an instant."""
        version = (await connection.execute(select(policy_version_at(at)))).scalar_one()
        return await self.get(connection, version)
