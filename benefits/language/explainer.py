"""Why a condition does not hold, and what would make it hold. Pure.

The answer is the smallest list of comparisons that would have to change: all parts of an `all`
that fail, the nearest part of an `any`, and the part of a `not` that holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never, cast

from benefits.language.evaluator import compile_line_condition, judge_of, wanted_tiers
from benefits.language.facts import Scene, Seen, reader_of
from benefits.language.nodes import FactType
from benefits.language.tree import AllOf, AnyOf, Comparison, Node, Not, Wanted
from benefits.types import Unlock

NOT_MET = "condition-not-met"
EXCLUDED = "condition-excluded"
_FAR = 1_000
_TIER_STEP = 100


@dataclass(frozen=True, slots=True)
class Failure:
    """One comparison that would have to change."""

    code: str
    fact: str
    operator: str
    seen: Seen
    wanted: Wanted
    unlock: Unlock | None
    distance: int
    """How far it is, in thousandths of what is wanted; 1000 where it cannot be measured."""


def explain_failures(node: Node, scene: Scene, tiers: Sequence[str], stage: int) -> list[Failure]:
    """The comparisons that would have to change; empty where the condition holds."""
    match node:
        case AllOf(parts):
            return [
                failure for part in parts for failure in explain_failures(part, scene, tiers, stage)
            ]
        case AnyOf(parts):
            return min((explain_failures(part, scene, tiers, stage) for part in parts), key=_effort)
        case Not(part):
            return _explain_holding(part, scene, tiers, stage)
        case Comparison():
            seen, holds = _judge(node, scene, tiers, stage)
            return [] if holds else [_not_met(node, seen, tiers)]
        case _:
            assert_never(node)


def _explain_holding(node: Node, scene: Scene, tiers: Sequence[str], stage: int) -> list[Failure]:
    """The comparisons that make a condition hold, where a `not` wants it not to."""
    match node:
        case AllOf(parts):
            found = [_explain_holding(part, scene, tiers, stage) for part in parts]
            return min(found, key=_effort) if all(found) else []
        case AnyOf(parts):
            return [
                failure for part in parts for failure in _explain_holding(part, scene, tiers, stage)
            ]
        case Not(part):
            return explain_failures(part, scene, tiers, stage)
        case Comparison():
            seen, holds = _judge(node, scene, tiers, stage)
            if not holds:
                return []
            name, operator, wanted = node.fact.name, node.operator, node.wanted
            return [Failure(EXCLUDED, name, operator, seen, wanted, None, _FAR)]
        case _:
            assert_never(node)


def _effort(failures: list[Failure]) -> tuple[int, int]:
    return len(failures), sum(failure.distance for failure in failures)


def _judge(node: Comparison, scene: Scene, tiers: Sequence[str], stage: int) -> tuple[Seen, bool]:
    where = None if node.where is None else compile_line_condition(node.where)
    seen = reader_of(node, stage, where)(scene)
    return seen, judge_of(node, tiers)(seen)


def _not_met(node: Comparison, seen: Seen, tiers: Sequence[str]) -> Failure:
    unlock, distance = _unlock(node, seen, tiers)
    return Failure(NOT_MET, node.fact.name, node.operator, seen, node.wanted, unlock, distance)


def _unlock(node: Comparison, seen: Seen, tiers: Sequence[str]) -> tuple[Unlock | None, int]:
    code = node.fact.unlock
    if code is None:
        return None, _FAR
    match node.fact.type:
        case FactType.NUMBER | FactType.MONEY:
            return _gap(code, node, seen)
        case FactType.TIER:
            rank = tiers.index(seen) if isinstance(seen, str) and seen in tiers else -1
            higher = [t for t in wanted_tiers(node, tiers) if tiers.index(t) > rank]
            if higher:
                steps = tiers.index(higher[0]) - rank
                return Unlock(code, {"tier": higher[0]}), min(_FAR, steps * _TIER_STEP)
            unlock = None
        case FactType.BOOLEAN:
            unlock = Unlock(code) if node.wanted is True else None
        case _:
            words = node.wanted if isinstance(node.wanted, tuple) else (str(node.wanted),)
            unlock = Unlock(code, {"wanted": ", ".join(words)})
    return unlock, _FAR


def _gap(code: str, node: Comparison, seen: Seen) -> tuple[Unlock | None, int]:
    """How much of a number is missing; nothing helps against having too much."""
    wanted = cast("int", node.wanted)
    gap = wanted - (seen if isinstance(seen, int) else 0)
    if gap <= 0 or node.operator == "at-most":
        return None, _FAR
    return Unlock(code, {"gap": gap}), gap * _FAR // wanted
