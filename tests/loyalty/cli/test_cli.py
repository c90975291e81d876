"""The command line, as people run it: separate processes over one home."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
import pytest

from loyalty.cli import COMMANDS
from loyalty.postgres import OWNER, Server
from tests.support.homes import swept_home

REPOSITORY = Path(__file__).parents[3]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOYALTY_")}
    return {**kept, "LOYALTY_HOME": str(home), "PYTHONPATH": str(REPOSITORY), **more}


def loyalty(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "loyalty", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=environment(home),
        timeout=120,
    )


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home that `loyalty db upgrade` made; its server is kept, so that commands only join it."""
    with swept_home() as home:
        made = loyalty(home, "db", "upgrade")
        assert made.returncode == 0, made.stderr
        with Server(home, report=print):
            yield home


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; sys.argv = ['loyalty', '--help']\n"
        "from loyalty.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(sorted(m for m in sys.modules if m in"
        " ('sqlalchemy', 'psycopg', 'granian', 'alembic', 'loyalty.bootstrap')))"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )

    assert said.stdout.rstrip().endswith("[]")
    for name in COMMANDS:
        assert f"  {name} " in said.stdout


@pytest.mark.parametrize(
    "command", [["db", "check"], ["worker"], ["verify"], ["doctor"], ["keys", "list"]]
)
def test_other_commands_make_no_home_and_name_the_place(tmp_path: Path, command: list[str]) -> None:
    answer = loyalty(tmp_path / "nothing", *command)

    assert answer.returncode == 3
    assert str(tmp_path / "nothing") in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_new_database_is_current_sound_and_proved(home: Path) -> None:
    for command in (["db", "check"], ["doctor"], ["verify"]):
        answer = loyalty(home, *command)
        assert answer.returncode == 0, f"{command}: {answer.stdout}{answer.stderr}"


def test_a_database_that_fell_behind_is_not_current(home: Path) -> None:
    alter(home, "UPDATE migration.applied_functions SET digest = 'old'")

    answer = loyalty(home, "db", "check")

    assert answer.returncode == 1
    assert "loyalty db upgrade" in answer.stdout
    assert loyalty(home, "db", "upgrade").returncode == 0
    assert loyalty(home, "db", "check").returncode == 0


def test_a_key_is_made_listed_and_revoked(home: Path) -> None:
    made = loyalty(home, "keys", "create", "--role", "admin", "--label", "till 3")
    key = made.stderr.split(":")[0].split()[-1]

    assert made.stdout.startswith("loy_admin_")
    assert f"{key}  admin     stands" in loyalty(home, "keys", "list").stdout
    assert loyalty(home, "keys", "revoke", key).returncode == 0
    assert f"{key}  admin     ended" in loyalty(home, "keys", "list").stdout
    malformed = loyalty(home, "keys", "revoke", "key_what")
    assert malformed.returncode == 3
    assert "An id of this kind reads key_" in malformed.stderr


def test_a_members_key_names_its_member(home: Path) -> None:
    answer = loyalty(home, "keys", "create", "--role", "member", "--label", "nobody")

    assert answer.returncode == 2
    assert "--member" in answer.stderr


def test_a_backup_is_restored_into_an_empty_database_only(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "programme.dump"
    assert loyalty(home, "keys", "create", "--role", "finance", "--label", "kept").returncode == 0
    assert loyalty(home, "db", "backup", str(file)).returncode == 0

    refused = loyalty(home, "db", "restore", str(file))
    assert refused.returncode == 3
    assert "an empty database only" in refused.stderr

    with swept_home() as other:
        restored = loyalty(other, "db", "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        with Server(other, report=print):
            assert "kept" in loyalty(other, "keys", "list").stdout
            for command in (["db", "check"], ["doctor"], ["verify"]):
                answer = loyalty(other, *command)
                assert answer.returncode == 0, f"{command}: {answer.stdout}{answer.stderr}"


def test_a_file_that_is_no_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "what.dump"
    file.write_text("not a dump")

    with swept_home() as other:
        answer = loyalty(other, "db", "restore", str(file))

        assert answer.returncode == 3
        assert "pg_restore" in answer.stderr
        assert "revision   none" in loyalty(other, "db", "check").stdout


def alter(home: Path, statement: str) -> None:
    with Server(home, report=print) as server:
        url = server.url(OWNER).set(drivername="postgresql").render_as_string()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


def test_a_port_that_is_taken_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = loyalty(tmp_path / "nothing", "serve", "--port", port)

    assert answer.returncode == 3
    assert f"Port {port}" in answer.stderr
    assert not (tmp_path / "nothing").exists()


class Serving:
    """A `loyalty serve` of the test's own, ended with it."""

    def __init__(self, home: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "loyalty", "serve", "--port", str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env=environment(home),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def ready(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self.port}/health/ready"
            with urllib.request.urlopen(address, timeout=30) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait(self, what: str) -> None:
        give_up_at = time.monotonic() + 60
        while what not in self.log.read_text():
            assert time.monotonic() < give_up_at, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)


def processes_of(home: Path) -> list[int]:
    """Processes that were started with this home in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"LOYALTY_HOME={home}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_until(true: object) -> None:
    assert callable(true)
    give_up_at = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads processes from /proc")
def test_serving_survives_its_processes_and_leaves_none_behind(tmp_path: Path) -> None:
    with swept_home() as home, Serving(home, tmp_path / "serve.log") as serving:
        serving.wait("serving on http://127.0.0.1:")
        serving.wait("/console/claim/")

        killed = [pid for pid in processes_of(home) if pid != serving.process.pid]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_until(serving.ready)
        assert serving.process.poll() is None

        serving.process.terminate()
        serving.process.wait(timeout=60)
        wait_until(lambda: processes_of(home) == [])
        assert not (home / "data" / "postmaster.pid").exists()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads processes from /proc")
def test_a_killed_serve_takes_its_processes_and_its_server_along(tmp_path: Path) -> None:
    with swept_home() as home, Serving(home, tmp_path / "serve.log") as serving:
        serving.wait("/console/claim/")

        serving.process.kill()
        serving.process.wait()

        wait_until(lambda: processes_of(home) == [])
        wait_until(lambda: not (home / "data" / "postmaster.pid").exists())
        assert processes_of(home) == []
        assert not (home / "data" / "postmaster.pid").exists()
