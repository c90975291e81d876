"""A test that could not fail proves nothing: every test asserts, itself or by what it names."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY
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
def test_what_asserts_is_told_from_what_only_runs(body: str, *, asserting: bool) -> None:
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
    found = ((name, _find(name, path)) for name in named - above)
    return any(_asserts(*one, above | {name}) for name, one in found if one is not None)


def _called(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            if isinstance(each.func, ast.Attribute):
                yield each.func.attr
            elif isinstance(each.func, ast.Name):
                yield each.func.id


def _find(name: str, path: Path) -> tuple[Function, Path] | None:
    """Return the function that a file means by a name: its own, or one of our other files."""
    own, taken = _names(path)
    if name in own:
        return own[name], path
    return _find(taken[name][1], taken[name][0]) if name in taken else None


@functools.cache
def _names(path: Path) -> tuple[dict[str, Function], dict[str, tuple[Path, str]]]:
    """Return a file's functions, and which names it takes from which of our other files."""
    body = tree_of(path).body
    own = {node.name: node for node in body if isinstance(node, Function)}
    taken = {
        alias.asname or alias.name: (_source(str(node.module)), alias.name)
        for node in body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests.")
        for alias in node.names
    }
    return own, taken


def _source(module: str) -> Path:
    """Return the file of one of our modules, which may be a package."""
    place = Path(*module.split("."))
    return place / "__init__.py" if (REPOSITORY / place).is_dir() else place.with_suffix(".py")
