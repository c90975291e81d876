"""What is installed: hashed locks that name no host, a wheel with everything in it, a Makefile."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY
from tests.support.source import PACKAGES

LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))
PINNED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
LOCK_NAMES = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "pylock.toml"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_is_pins_and_hashes_and_names_no_host_and_no_path(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()

    assert lines
    assert [line for line in lines if not (PINNED.match(line) or HASH.match(line))] == []


def test_there_is_no_lock_file_that_carries_addresses() -> None:
    found = [
        str(path.relative_to(REPOSITORY)) for name in LOCK_NAMES for path in REPOSITORY.glob(name)
    ]

    assert found == []


def test_every_declared_library_is_locked() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {
        "runtime": project["project"]["dependencies"],
        "demo": project["project"]["optional-dependencies"]["demo"],
        **project["dependency-groups"],
    }

    assert {lock.stem for lock in LOCKS} == set(declared)
    for group, wanted in declared.items():
        names = {re.split(r"[^A-Za-z0-9-]", requirement)[0].lower() for requirement in wanted}
        assert names - _pinned(group) == set(), group


def test_two_locks_never_disagree() -> None:
    seen: dict[tuple[str, str], str] = {}
    for lock in LOCKS:
        for found in filter(None, map(PINNED.match, lock.read_text(encoding="utf-8").splitlines())):
            marker = found.string.partition(";")[2]
            if lock.stem != "lock":
                key = (found["name"], "x86_64" if "== 'x86_64'" in marker else "")
                assert seen.setdefault(key, found["version"]) == found["version"], found.string


def test_the_wheel_carries_everything_that_lies_in_the_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package, source / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(REPOSITORY / name, source)
    command = f"-m pip -qq wheel --no-deps --no-build-isolation --wheel-dir {tmp_path} {source}"
    subprocess.run([sys.executable, *command.split()], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}
        (described,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = archive.read(described).decode()

    lying = {
        str(path.relative_to(source))
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file()
    }
    assert carried == lying
    assert any(name.endswith(".sql") for name in carried)
    assert "License-Expression: Apache-2.0" in metadata


def test_every_make_target_that_people_are_told_of_is_in_the_help() -> None:
    listed = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout

    for target in ("demo", "test", "check", "prove", "bench", "lock", "clean"):
        assert re.search(rf"^  make {target} ", listed, re.MULTILINE), target


def test_an_interpreter_that_is_too_old_is_refused_with_a_sentence(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    shutil.copytree(REPOSITORY / "requirements", tmp_path / "requirements")
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)

    ended = subprocess.run(
        ["make", "setup", f"PYTHON={old}"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode != 0
    assert "Python 3.11 or newer with its venv module is needed" in ended.stderr
    assert not (tmp_path / ".venv").exists()


def _pinned(group: str) -> set[str]:
    text = (REPOSITORY / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
    return {found["name"] for found in map(PINNED.match, text.splitlines()) if found}
