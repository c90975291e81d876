"""From checked conditions to functions that answer true or false. Total, no clock, no I/O.

A fact that is not known (a guest's tier) meets no comparison; `not` turns that into true, so
"not gold" holds for a guest. There is no third value.
"""

from collections.abc import Callable, Sequence
from typing import assert_never, cast

from benefits.language.facts import LINE_READERS, LineTest, Scene, Seen, SkuIs, reader_of
from benefits.language.nodes import FactType
from benefits.language.tree import AllOf, AnyOf, Comparison, Node, Not, Wanted
from benefits.types import Line

Test = Callable[[Scene], bool]
Judge = Callable[[Seen], bool]


def compile_condition(node: Node, tiers: Sequence[str], stage: int) -> Test:
    """The condition as a function; `stage` is how far the order is priced when it is asked."""
    match node:
        case AllOf(parts):
            tests = tuple(compile_condition(part, tiers, stage) for part in parts)
            return lambda scene: all(test(scene) for test in tests)
        case AnyOf(parts):
            tests = tuple(compile_condition(part, tiers, stage) for part in parts)
            return lambda scene: any(test(scene) for test in tests)
        case Not(part):
            test = compile_condition(part, tiers, stage)
            return lambda scene: not test(scene)
        case Comparison():
            where = None if node.where is None else compile_line_condition(node.where)
            read = reader_of(node, stage, where)
            judge = judge_of(node, tiers)
            return lambda scene: judge(read(scene))
        case _:
            assert_never(node)


def compile_line_condition(node: Node) -> LineTest:
    """The condition about one line as a function."""
    match node:
        case AllOf(parts):
            tests = tuple(compile_line_condition(part) for part in parts)
            return lambda line: all(test(line) for test in tests)
        case AnyOf(parts):
            tests = tuple(compile_line_condition(part) for part in parts)
            return lambda line: any(test(line) for test in tests)
        case Not(part):
            test = compile_line_condition(part)
            return lambda line: not test(line)
        case Comparison():
            return _line_comparison(node)
        case _:
            assert_never(node)


def judge_of(node: Comparison, tiers: Sequence[str]) -> Judge:
    """Whether what is seen is what the comparison wants."""
    if node.fact.type is FactType.TIER:
        return _is_among(wanted_tiers(node, tiers))
    if isinstance(node.wanted, tuple):
        return _set_judge(node.operator, node.wanted)
    return _judge(node.operator, node.wanted)


def _is_among(wanted: tuple[str, ...]) -> Judge:
    among = frozenset(wanted)
    return lambda seen: seen in among


def _set_judge(operator: str, wanted: tuple[str, ...]) -> Judge:
    among = frozenset(wanted)
    match operator:
        case "in":
            return _is_among(wanted)
        case "has-any":
            return lambda seen: isinstance(seen, tuple) and not among.isdisjoint(seen)
        case "has-all":
            return lambda seen: isinstance(seen, tuple) and among.issubset(seen)
        case _:
            raise AssertionError(operator)


def _judge(operator: str, wanted: int | str) -> Judge:
    match operator:
        case "is":
            return lambda seen: seen == wanted
        case "at-least" if isinstance(wanted, int):
            return lambda seen: isinstance(seen, int) and seen >= wanted
        case "at-most" if isinstance(wanted, int):
            return lambda seen: isinstance(seen, int) and seen <= wanted
        case "has" | "within":
            return lambda seen: isinstance(seen, tuple) and wanted in seen
        case _:
            raise AssertionError(operator)


def wanted_tiers(node: Comparison, tiers: Sequence[str]) -> tuple[str, ...]:
    """The tiers that meet a comparison of tiers, from lowest to highest."""
    wanted: Wanted = node.wanted
    if isinstance(wanted, tuple):
        return tuple(tier for tier in tiers if tier in wanted)
    name = cast("str", wanted)
    if node.operator == "is":
        return (name,)
    rank = tiers.index(name)
    return tuple(tiers[rank:]) if node.operator == "at-least" else tuple(tiers[: rank + 1])


def _line_comparison(node: Comparison) -> LineTest:
    if node.fact.name == "sku" and node.operator == "is":
        return SkuIs(cast("str", node.wanted))
    if node.fact.name == "category" and node.operator == "is":
        wanted = node.wanted
        return lambda line: line.category == wanted
    read: Callable[[Line], Seen] = LINE_READERS[node.fact.name]
    judge = judge_of(node, ())
    return lambda line: judge(read(line))
