"""Time is an argument: nothing but the clock asks for the time."""

import ast
import re
from pathlib import Path

from tests.support.source import (
    PACKAGES,
    python_files,
    sql_files,
    text_of,
    tree_of,
    without_comments,
)

SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b",
    re.IGNORECASE,
)
PYTHON_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
WALL_CLOCK = {("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime")}


def test_no_sql_function_asks_for_the_time() -> None:
    asking = [
        f"{path}: {found[0]}"
        for path in sql_files(*PACKAGES)
        for found in SQL_CLOCK.finditer(without_comments(text_of(path)))
    ]

    assert asking == []


def test_only_the_clock_reads_the_clock() -> None:
    readers = {
        str(path)
        for path in python_files(*PACKAGES)
        for call in ast.walk(tree_of(path))
        if isinstance(call, ast.Call) and _names(call.func) in PYTHON_CLOCK | WALL_CLOCK
    }

    # An id carries the instant at which it was minted; nothing is decided by it.
    assert readers <= {"loyalty/clock.py", "loyalty/ids.py"}


def _names(node: ast.expr) -> tuple[str, str] | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        return owner, node.attr
    return None


def test_the_search_for_clocks_finds_one(tmp_path: Path) -> None:
    call = ast.parse("datetime.datetime.now(tz=UTC)", mode="eval").body

    assert isinstance(call, ast.Call)
    assert _names(call.func) in PYTHON_CLOCK
    assert SQL_CLOCK.search("select now ()")
    assert not SQL_CLOCK.search("select known(at)")
