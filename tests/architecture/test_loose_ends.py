"""Nothing is called done that is not: no reminders, no stubs, no silenced tool without a reason."""

import re

from tests.support.requirements import REPOSITORY
from tests.support.source import PACKAGES, python_files, sql_files, text_of

REMINDER = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma|ruff:|mypy:)(?P<rest>.*)$")
WITH_REASON = re.compile(
    r"^(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z-]+(?:,\s*[a-z-]+)*\])\W+\w+\W+\w+"
)
OURS = {"test_loose_ends.py"}


def test_nothing_is_left_to_do() -> None:
    left = [
        f"{path}:{number}: {line.strip()}"
        for path in [*python_files(*PACKAGES, "tests"), *sql_files(*PACKAGES)]
        if path.name not in OURS
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if REMINDER.search(line)
    ]

    assert left == []


def test_a_tool_is_silenced_for_one_rule_and_a_reason() -> None:
    silenced = [
        f"{path}:{number}: {line.strip()}"
        for path in python_files(*PACKAGES, "tests")
        if path.name not in OURS
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if (found := SILENCED.search(line)) and not WITH_REASON.match(found["rest"])
    ]

    assert silenced == []


def test_a_silenced_rule_needs_its_name_and_a_reason() -> None:
    reasoned = "x = 1  # noqa: N802 (the name that catalogue tools know)"
    bare = "x = 1  # noqa"
    named = "x = 1  # type: ignore[attr-defined]"

    found = [SILENCED.search(line) for line in (reasoned, bare, named)]

    assert [bool(it and WITH_REASON.match(it["rest"])) for it in found] == [True, False, False]


def test_every_lint_exception_stands_with_its_reason() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    section = text.partition("[tool.ruff.lint]")[2].partition("[tool.ruff.lint.flake8")[0]
    codes = [line for line in section.splitlines() if re.match(r'\s+"[A-Z]+\d*"', line)]

    assert codes
    assert [line for line in codes if not re.search(r'",\s+# \S+ \S+', line)] == []
