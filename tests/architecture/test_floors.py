"""The three floors: who may know whom."""

import ast
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from tests.support.requirements import REPOSITORY
from tests.support.source import GROUND_FLOOR, PACKAGES, modules, python_files, tree_of

DECLARED = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
STRUCTS = {
    ("msgspec", "Struct"),
    ("msgspec.json", "Encoder"),
    ("msgspec.structs", "asdict"),
    ("msgspec.structs", "replace"),
}
CONTRACTS = {contract["id"]: contract for contract in DECLARED["tool"]["importlinter"]["contracts"]}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def test_every_import_contract_is_kept() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_the_ground_floor_imports_only_the_standard_library_and_sqlalchemy() -> None:
    allowed = {*sys.stdlib_module_names, "sqlalchemy"}

    strangers = [
        f"{path}:{node.lineno} {name}"
        for path in python_files(*GROUND_FLOOR)
        for node, name in _imports(path)
        if name.partition(".")[0] not in allowed | {path.parts[0]}
        and not _makes_values_of_decisions(path, node)
    ]

    assert strangers == []


def test_every_module_without_sqlalchemy_is_under_the_contract_that_keeps_it_so(
    graph: grimp.ImportGraph,
) -> None:
    pure = {
        name
        for name in modules(*GROUND_FLOOR)
        if name in graph.modules and not graph.chain_exists(name, "sqlalchemy")
    }

    assert pure - _spelled_out(CONTRACTS["pure"]["source_modules"], graph) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_front_door_offers_what_it_names(package: str) -> None:
    door = importlib.import_module(package)
    names = getattr(door, "__all__", [])

    assert [name for name in names if not hasattr(door, name)] == []
    assert len(names) == len(set(names))
    assert package not in GROUND_FLOOR or names, f"{package} offers nothing"


@pytest.mark.parametrize("package", GROUND_FLOOR)
def test_what_a_front_door_offers_is_not_named_like_a_room_behind_it(package: str) -> None:
    door = importlib.import_module(package)
    rooms = {name.rpartition(".")[2] for name in modules(package)}

    assert set(door.__all__) & rooms == set()


def test_only_front_doors_say_all() -> None:
    said = [
        str(path)
        for path in python_files(*PACKAGES)
        if path.name != "__init__.py" and "__all__" in _assigned(path)
    ]

    assert said == []


def test_nobody_imports_the_orm() -> None:
    importing = [
        f"{path}:{node.lineno}"
        for path in python_files(*PACKAGES)
        for node, name in _imports(path)
        if name.startswith(("sqlalchemy.orm", "sqlalchemy.ext.declarative"))
    ]

    assert importing == []


def test_no_module_defers_its_annotations() -> None:
    deferring = [
        f"{path}:{node.lineno}"
        for path in python_files(*PACKAGES, "tests")
        for node, name in _imports(path)
        if name == "__future__"
    ]

    assert deferring == []


def test_importing_every_module_opens_nothing_and_prints_nothing() -> None:
    names = [name for name in modules(*PACKAGES) if not name.startswith("loyalty.migrations")]
    program = (
        "import importlib, socket, sys, threading\n"
        "def refuse(*_): raise AssertionError('a module opened a socket while it was imported')\n"
        "socket.socket.connect = refuse\n"
        f"[importlib.import_module(name) for name in {names!r}]\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


def _imports(path: Path) -> list[tuple[ast.Import | ast.ImportFrom, str]]:
    found: list[tuple[ast.Import | ast.ImportFrom, str]] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node, node.module or ""))
    return found


def _makes_values_of_decisions(path: Path, node: ast.Import | ast.ImportFrom) -> bool:
    """Whether a module of `benefits` takes structs of msgspec or its writer (decision 0266)."""
    if path.parts[:-1] != ("benefits",) or not isinstance(node, ast.ImportFrom):
        return False
    return {(node.module, alias.name) for alias in node.names} <= STRUCTS


def _assigned(path: Path) -> set[str]:
    return {
        target.id
        for node in tree_of(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _spelled_out(names: list[str], graph: grimp.ImportGraph) -> set[str]:
    return set(names).union(*(graph.find_descendants(name) for name in names))
