"""Storing rules, their immutable versions and the rule sets that are live together."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.rule_set import RuleSet
from benefits.types import Group, RuleVersion, Vocabulary


async def draft_rule(
    connection: AsyncConnection,
    document: Mapping[str, object],
    *,
    vocabulary: Vocabulary,
    actor: str,
    at: datetime,
) -> RuleVersion:
    """Check a rule and store it as the next version of its name; unchanged content adds none."""
    raise NotImplementedError


async def publish_rule_set(
    connection: AsyncConnection,
    rules: Sequence[tuple[str, int]],
    *,
    groups: Sequence[Group],
    tiers: Sequence[str],
    zone: str,
    live_from: datetime,
    actor: str,
    at: datetime,
    based_on: int | None = None,
) -> int:
    """Publish (rule, version) pairs as the next rule set and return its version.

    Atomic with the caller's transaction. `based_on` refuses with RuleSetMoved where another set
    was published meanwhile.
    """
    raise NotImplementedError


async def find_rule(
    connection: AsyncConnection, rule: str, version: int | None = None
) -> RuleVersion:
    """One version of a rule, the newest by default. Raises RuleNotFound."""
    raise NotImplementedError


async def list_rules(
    connection: AsyncConnection, *, after: str = "", limit: int = 50
) -> list[RuleVersion]:
    """The newest version of every rule, by name."""
    raise NotImplementedError


async def find_rule_set(connection: AsyncConnection, version: int) -> RuleSet:
    """The compiled rule set of a version: two statements. Raises RuleSetNotFound."""
    raise NotImplementedError


def live_rule_set_version(at: datetime) -> Select[int]:
    """One row `version`: the rule set that is live at the instant; no row where none is."""
    raise NotImplementedError
