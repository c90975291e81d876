"""No test depends on how busy the machine is: it waits for what must come, and times nothing."""

import ast
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.source import python_files, tree_of

PAUSES = {
    "tests/faults/test_kills.py": "requests go on between the last kill and the end",
    "tests/support/mailbox.py": "a mail server that is slow on purpose",
    "tests/support/stripe_double/__main__.py": "what a person did is told before time moves",
}
"""Where somebody waits for a length of time and for nothing else, each with why."""

CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time_ns"}
LEAST = 30
"""Seconds that whatever may fail for want of time is given at the least."""

HASTY = {"tests/support/stripe_double/__main__.py": "Stripe does not wait long for a shop, either"}
"""Where less is given, each with why."""

Loop = ast.While | ast.For | ast.AsyncFor


def test_a_pause_stands_in_a_loop_that_looks_again() -> None:
    waiting = {
        str(path)
        for path in python_files("tests")
        for node in _outside_loops(tree_of(path))
        if isinstance(node, ast.Call) and _is_pause(node)
    }

    assert waiting == set(PAUSES)


def test_no_test_asserts_how_long_anything_took() -> None:
    timing = [
        f"{path}:{node.lineno}"
        for path in python_files("tests")
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in _outside_loops(function)
        if isinstance(node, ast.Assert) and _names(node) & (CLOCKS | _taken(function))
    ]

    assert timing == []


def test_whatever_ends_a_test_for_want_of_time_waits_long_enough() -> None:
    hasty = [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for path in python_files("tests")
        if str(path) not in HASTY
        for node in _outside_loops(tree_of(path))
        if isinstance(node, ast.Call)
        for seconds in _given_up_after(node)
        if 0 < seconds < LEAST
    ]

    assert hasty == []


def test_no_example_of_a_property_has_a_deadline() -> None:
    hurried = [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("settings")
        for word in node.keywords
        if word.arg == "deadline" and ast.unparse(word.value) != "None"
    ]

    assert hurried == []
    assert settings.default is not None
    assert settings.default.deadline is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("time.sleep(0.2)", True),
        ("await asyncio.sleep(0)", False),
        ("while waits():\n        time.sleep(0.2)", False),
        ("async def one():\n        await asyncio.sleep(seconds)", True),
    ],
)
def test_a_pause_is_told_from_a_look_that_is_repeated(body: str, *, told: bool) -> None:
    tree = ast.parse(f"async def test_one():\n    {body}")

    calls = [node for node in _outside_loops(tree) if isinstance(node, ast.Call)]
    assert any(_is_pause(call) for call in calls) is told


def _outside_loops(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that is not within a loop, whatever function it stands in."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Loop):
            yield child
            yield from _outside_loops(child)


def _is_pause(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or ast.unparse(call.func) not in {
        "asyncio.sleep",
        "time.sleep",
    }:
        return False
    return not (isinstance(call.args[0], ast.Constant) and call.args[0].value == 0)


def _names(node: ast.AST) -> set[str]:
    found = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return found | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _taken(function: ast.AST) -> set[str]:
    """The names that were given a time: what a clock said, or how long something took."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _names(node.value) & CLOCKS
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _given_up_after(call: ast.Call) -> Iterator[float]:
    """The seconds after which a call fails, where they are written in it."""
    told = [word.value for word in call.keywords if word.arg == "timeout"]
    if ast.unparse(call.func) in {"asyncio.timeout", "asyncio.wait_for"}:
        told += call.args[-1:]
    for value in told:
        if isinstance(value, ast.Constant) and isinstance(value.value, int | float):
            yield value.value
