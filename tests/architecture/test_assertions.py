"""A test that could not fail proves nothing: every test asserts, itself or by what it names."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source import python_files, tree_of

FAILING = {
    "raises": "pytest.raises: what must be refused",
    "runTest": "a machine of Hypothesis, whose rules assert",
}
"""What fails a test without the word: calls by name, each with what it is."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_every_test_asserts_something() -> None:
    idle = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files("tests")
        if path.name.startswith("test_")
        for node in ast.walk(tree_of(path))
        if isinstance(node, Function) and node.name.startswith("test_")
        if not _asserts(node, path, frozenset())
    ]

    assert idle == []


@pytest.mark.parametrize(
    ("body", "asserting"),
    [
        ("assert one == 2", True),
        ("with pytest.raises(ValueError): one()", True),
        ("await asyncio.to_thread(python_files, 'ledger')", False),
        ("_asserting(1)", True),
        ("one.two.close()", False),
    ],
)
def test_what_asserts_is_told_from_what_only_runs(body: str, asserting: bool) -> None:  # noqa: FBT001 (a parameter of the table above)
    test = ast.parse(f"async def test_one():\n    {body}").body[0]

    assert isinstance(test, Function)
    assert _asserts(test, Path(__file__), frozenset()) is asserting


def _asserting(one: int) -> None:
    assert one


def _asserts(node: Function, path: Path, above: frozenset[str]) -> bool:
    """Whether a function asserts, or names a function of our tests that does."""
    if any(isinstance(each, ast.Assert) for each in ast.walk(node)):
        return True
    if FAILING.keys() & set(_called(node)):
        return True
    named = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    known = _functions(path)
    return any(_asserts(*known[name], above | {name}) for name in named - above if name in known)


def _called(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            if isinstance(each.func, ast.Attribute):
                yield each.func.attr
            elif isinstance(each.func, ast.Name):
                yield each.func.id


@functools.cache
def _functions(path: Path) -> dict[str, tuple[Function, Path]]:
    """Return the functions that a file's code may name: its own and those of our other files."""
    known: dict[str, tuple[Function, Path]] = {}
    for node in tree_of(path).body:
        if isinstance(node, Function):
            known[node.name] = (node, path)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            source = Path(*str(node.module).split(".")).with_suffix(".py")
            theirs = _functions(source)
            known |= {
                alias.asname or alias.name: theirs[alias.name]
                for alias in node.names
                if alias.name in theirs
            }
    return known
