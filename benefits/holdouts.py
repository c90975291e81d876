"""Who is held out of a rule: a share of members, by hash, the same members for ever. Pure.

Known before the rules are asked, like a birthday's windows: the evaluator is handed the names of
the rules that hold a member out, and a decision records them.
"""

from hashlib import sha256
from uuid import UUID

from benefits.rule_set import RuleSet

BUCKETS = 100_00
"""Shares are in hundredths of a percent."""


def held_out_of(rule_set: RuleSet, member: UUID) -> tuple[str, ...]:
    """The rules of a set that hold a member out, by name."""
    return tuple(
        sorted(name for name, share in rule_set.holdouts if bucket_of(member, name) < share)
    )


def bucket_of(member: UUID, rule: str) -> int:
    """Where a member stands among ten thousand for a rule: even, and apart for every rule."""
    digest = sha256(member.bytes + rule.encode()).digest()
    return int.from_bytes(digest[:8]) % BUCKETS
