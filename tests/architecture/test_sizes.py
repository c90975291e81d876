"""What fits in a head: sizes of functions and modules, and names that say what is in a file."""

import ast
import re

from tests.support.source import (
    PACKAGES,
    python_files,
    sql_files,
    sql_functions,
    text_of,
    tree_of,
    without_comments,
)

FUNCTION_LINES = 60
MODULE_LINES = 400
CREATED = re.compile(r"(?im)^create\s+(?:or\s+replace\s+)?(?:function|procedure)\b")
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "core"}


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [
        f"{path}:{node.lineno} {node.name} has {_lines(node)} lines"
        for path in python_files(*PACKAGES, "tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _lines(node) > FUNCTION_LINES
    ]

    assert long == []


def test_no_sql_function_is_longer_than_sixty_lines() -> None:
    functions = [function for path in sql_files(*PACKAGES) for function in sql_functions(path)]

    assert functions, "no SQL function was found, so none was measured"
    assert [
        f"{function.path}:{function.line} {function.name} has {function.lines} lines"
        for function in functions
        if function.lines > FUNCTION_LINES
    ] == []


def test_every_sql_function_was_measured() -> None:
    for path in sql_files(*PACKAGES):
        created = CREATED.findall(without_comments(text_of(path)))

        assert len(sql_functions(path)) == len(created), path


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    long = [
        f"{path} has {lines} lines"
        for path in [*python_files(*PACKAGES, "tests"), *sql_files(*PACKAGES)]
        if (lines := text_of(path).count("\n")) > MODULE_LINES
    ]

    assert long == []


def test_every_file_has_a_name_of_its_own() -> None:
    nameless = [str(path) for path in python_files(*PACKAGES, "tests") if path.stem in NAMELESS]

    assert nameless == []


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
