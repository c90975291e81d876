"""What the programme has published, compiled once in each process and kept by version.

Which versions are live is asked of the database in the statement that reads the member, so a
publication is seen at once; only reading and compiling are saved. Versions never change.
"""

from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    RuleSet,
    VoucherDefinition,
    compile_rule_set,
    find_definition,
    find_rule_set,
)
from loyalty.policy import Policies, Policy
from loyalty.signing import Signing
from tiers import Ladder, find_ladder

V = TypeVar("V")

MOST_KEPT: Final = 64
"""Versions of one kind that a process remembers; the oldest are forgotten first."""


class Programme:
    """The policies, rule sets, ladders and signing keys that this process has read."""

    def __init__(self, policies: Policies, signing: Signing) -> None:
        """Begin with what others have read already, and nothing compiled."""
        self.policies = policies
        self.signing = signing
        self.zone: ZoneInfo | None = None
        self._rule_sets: dict[int, RuleSet] = {0: compile_rule_set([])}
        self._ladders: dict[int, Ladder] = {}
        self._definitions: dict[str, VoucherDefinition] = {}
        self._keys_version: int | None = None

    async def policy(self, connection: AsyncConnection, version: int) -> Policy:
        """Return a policy; the last one asked for tells the programme's time zone."""
        policy = self.policies.known(version)
        if policy is None:
            policy = await self.policies.get(connection, version)
        self.zone = policy.zone
        return policy

    async def rule_set(self, connection: AsyncConnection, version: int | None) -> RuleSet:
        """Return a compiled rule set; without a version it is the empty one."""
        found = self._rule_sets.get(version or 0)
        if found is None:
            found = await find_rule_set(connection, version or 0)
            _keep(self._rule_sets, version or 0, found)
        return found

    async def ladder(self, connection: AsyncConnection, version: int | None) -> Ladder | None:
        """Return a ladder; None where none has been published."""
        if version is None:
            return None
        found = self._ladders.get(version)
        if found is None:
            found = await find_ladder(connection, version)
            _keep(self._ladders, version, found)
        return found

    async def definition(self, connection: AsyncConnection, name: str) -> VoucherDefinition:
        """Return a voucher definition; it never changes but by being retired."""
        found = self._definitions.get(name)
        if found is None:
            found = self._definitions[name] = await find_definition(connection, name)
        return found

    async def know_keys(self, connection: AsyncConnection, version: int) -> None:
        """Read the signing keys anew when they have been rotated."""
        if self._keys_version != version:
            await self.signing.load(connection)
            self._keys_version = version


def _keep(kept: dict[int, V], version: int, value: V) -> None:
    if len(kept) >= MOST_KEPT:
        del kept[min(kept)]
    kept[version] = value
