"""What is live together, compiled once and indexed by the condition that tells rules apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benefits.types import Group, RuleVersion


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A compiled rule set; keep it by version, it never changes."""

    version: int
    zone: str
    tiers: tuple[str, ...]


def compile_rule_set(
    rules: Iterable[RuleVersion],
    *,
    version: int = 0,
    zone: str = "UTC",
    tiers: Sequence[str] = (),
    groups: Sequence[Group] = (),
) -> RuleSet:
    """Check, compile and index rules. Tiers stand from lowest to highest; zone is the programme's.

    Raises RuleRefused with the pointer to the node, or RuleSetRefused.
    """
    raise NotImplementedError
