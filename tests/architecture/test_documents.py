"""What we say about ourselves: links lead somewhere, commands exist, promises have tests."""

import ast
import pkgutil
import re
from functools import cache
from pathlib import Path

import click
import pytest

from loyalty.cli import cli
from tests.support import reference
from tests.support.requirements import REPOSITORY
from tests.support.source import SCHEMAS, python_files, relations, tables_of, tree_of

DOCUMENTS = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "tests").rglob("*.md"),
    ]
)
DECISIONS = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TEST_NAME = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<test>test_\w+)`")
COMMAND = re.compile(r"(?:^|`|bin/)loyalty ((?:[a-z-]+ ?)+)", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
SETTINGS_OF_POSTGRESQL = {"synchronous_commit"}
SECTIONS = ("## Context", "## Decision", "## Consequences", "## Rejected", "## Enforced by")


def _label(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_label)
def test_every_link_leads_somewhere(document: Path) -> None:
    for found in LINK.finditer(FENCE.sub("", document.read_text(encoding="utf-8"))):
        file, _, heading = found["target"].partition("#")
        if "://" in file:
            continue
        target = (document.parent / file).resolve() if file else document

        assert target.exists(), found["target"]
        assert target.is_relative_to(REPOSITORY), found["target"]
        if heading:
            assert heading in _headings(target), found["target"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=_label)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)\b(?=[`\s]|$)", _code(document)))

    assert named - _make_targets() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_label)
def test_every_command_that_is_named_exists(document: Path) -> None:
    for line in COMMAND.findall(_code(document)):
        command: click.Command | None = cli
        for word in line.split():
            if not isinstance(command, click.Group):
                break
            command = command.get_command(click.Context(command), word)

            assert command is not None, f"loyalty {line}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_label)
def test_every_test_that_is_named_exists(document: Path) -> None:
    for found in TEST_NAME.finditer(document.read_text(encoding="utf-8")):
        assert found["test"] in _tests_in(found["path"]), found[0]


def test_every_guarantee_names_a_test() -> None:
    rows = _table_after("## What is guaranteed")

    assert rows
    for row in rows:
        assert len(row) == len(("invariant", "python", "postgresql", "test")), row
        assert TEST_NAME.search(row[-1]), f"no test keeps the promise: {row[0]}"


def test_every_guard_that_a_guarantee_names_exists() -> None:
    in_database = SETTINGS_OF_POSTGRESQL | {
        str(getattr(rule, "name", ""))
        for package in SCHEMAS
        for table in tables_of(package)
        for rule in (*table.constraints, *table.indexes)
    }
    in_database |= {f"{schema}.{name}" for schema in SCHEMAS for name in relations(schema)}

    for _, in_python, in_postgresql, _ in _table_after("## What is guaranteed"):
        for name in CODE.findall(in_python):
            pkgutil.resolve_name(name)
        assert set(CODE.findall(in_postgresql)) - in_database == set()


def test_every_page_is_reached_from_the_index() -> None:
    index = REPOSITORY / "docs" / "index.md"
    linked = {
        (index.parent / found["target"].partition("#")[0]).resolve()
        for found in LINK.finditer(index.read_text(encoding="utf-8"))
    }

    assert set((REPOSITORY / "docs").rglob("*.md")) - {index} - linked == set()


@pytest.mark.parametrize("decision", DECISIONS, ids=_label)
def test_a_decision_says_why_what_was_rejected_and_what_enforces_it(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")

    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", decision.name)
    assert text.startswith("# ")
    assert [section for section in SECTIONS if f"\n{section}\n" not in text] == []


def test_no_two_decisions_share_a_number() -> None:
    numbers = [decision.name[:4] for decision in DECISIONS]

    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("document", reference.PAGES)
def test_a_reference_page_says_what_the_code_says(document: str) -> None:
    written = (REPOSITORY / document).read_text(encoding="utf-8")

    assert written == reference.PAGES[document](), "run `make reference`"


@cache
def _make_targets() -> frozenset[str]:
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


@cache
def _tests_in(path: str) -> frozenset[str]:
    if Path(path) not in python_files("tests"):
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(tree_of(Path(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )


def _code(document: Path) -> str:
    text = document.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, re.MULTILINE | re.DOTALL))


def _headings(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _table_after(heading: str) -> list[list[str]]:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = readme.partition(heading)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
