"""The embedded server survives what happens to programs: kills, restarts, crowds, odd places."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from loyalty.postgres import APPLICATION, OWNER, Server
from loyalty.postgres.errors import HomeMissing, HomeUnreadable, StartFailed, VersionMismatch
from loyalty.postgres.lease import alone
from tests.support.homes import FAST, ask, connect, ignore, lay_out, postmaster, read_record
from tests.support.waiting import PATIENCE, PAUSE

REPOSITORY = Path(__file__).parents[3]

HOLDER = """
import sys, time
from pathlib import Path
from loyalty.postgres import Server
with Server(Path(sys.argv[1]), report=lambda line: None):
    print("open", flush=True)
    sys.stdin.read()
"""


def postmaster_or(home: Path, otherwise: int) -> int:
    try:
        return postmaster(home)
    except FileNotFoundError:
        return otherwise


def is_alive(pid: int) -> bool:
    path = Path(f"/proc/{pid}/cmdline")
    return path.exists() and path.read_bytes() != b""


def hold(home: Path) -> "subprocess.Popen[str]":
    """Another command that uses the server until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        start_new_session=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    return holder


def leave(holder: "subprocess.Popen[str]") -> None:
    holder.communicate("")
    assert holder.returncode == 0


def wait_for_the_end_of(pid: int) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while is_alive(pid):
        assert time.monotonic() < give_up_at, "the server goes on"
        time.sleep(0.02)


def test_a_new_home_has_both_roles_and_a_database_that_the_owner_owns(home: Path) -> None:
    with Server(home, create=True, settings=FAST, report=ignore) as server:
        assert ask(server, "SELECT current_user", APPLICATION) == APPLICATION
        owned = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'loyalty'"
        assert ask(server, owned) == OWNER
        assert ask(server, "SELECT current_setting('data_checksums')") == "on"
        locale = "SELECT datlocale FROM pg_database WHERE datname = 'loyalty'"
        assert ask(server, locale) == "C.UTF-8"
        assert ask(server, "SELECT current_setting('listen_addresses')") == ""
        assert ask(server, f"SELECT rolsuper FROM pg_roles WHERE rolname = '{OWNER}'") is False


def test_a_home_keeps_commits_durable_unless_told_otherwise(home: Path) -> None:
    with Server(home, create=True, report=ignore) as server:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert ask(server, f"SELECT current_setting('{setting}')") == "on"


def test_a_home_that_is_not_there_is_named_and_not_made(home: Path) -> None:
    with pytest.raises(HomeMissing) as refusal, Server(home):
        pass

    assert refusal.value.path == str(home)
    assert str(home) in str(refusal.value)
    assert not home.exists()


def test_committed_rows_survive_a_killed_postmaster(home: Path) -> None:
    with Server(home, create=True, report=ignore) as server:
        ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 200000) AS n")
        killed = postmaster(home)
        os.kill(killed, signal.SIGKILL)
        wait_for_the_end_of(killed)

    with Server(home, report=ignore) as server:
        assert postmaster(home) != killed
        assert ask(server, "SELECT count(*) FROM kept") == 200_000


def test_a_killed_postmaster_is_replaced_while_the_application_lives(home: Path) -> None:
    with Server(home, create=True, settings=FAST, report=ignore) as server:
        os.kill(postmaster(home), signal.SIGKILL)
        wait_for_the_end_of(postmaster(home))
        assert not server.is_running()

        server.revive()

        assert server.is_running()
        assert ask(server, "SELECT 1") == 1


def test_a_new_server_waits_for_busy_processes_of_a_killed_one(home: Path) -> None:
    with Server(home, create=True, settings=FAST, report=ignore) as server:
        begun = threading.Event()

        def keep_busy() -> None:
            work = "SELECT count(*), pg_sleep(60) FROM generate_series(1, 20000000)"
            with closing(connect(server)) as connection:
                begun.set()
                with pytest.raises(psycopg.OperationalError):
                    connection.execute(work)

        busy = threading.Thread(target=keep_busy)
        busy.start()
        begun.wait()
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'"
        while ask(server, f"{asleep} AND pid <> pg_backend_pid() AND state = 'active'") == 0:
            time.sleep(PAUSE)
        killed = postmaster(home)
        os.kill(killed, signal.SIGKILL)
        wait_for_the_end_of(killed)

        server.revive()

        assert ask(server, "SELECT 1") == 1
        busy.join()


def test_a_killed_application_leaves_a_server_that_the_next_one_uses_and_stops(
    home: Path, furnished: Path
) -> None:
    lay_out(home, furnished)
    holder = hold(home)
    running = postmaster(home)
    os.killpg(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert is_alive(running)

    with Server(home, report=ignore) as server:
        assert postmaster(home) == running
        assert ask(server, "SELECT 1") == 1

    wait_for_the_end_of(running)


def test_a_killed_server_that_its_parent_does_not_bury_is_replaced(
    home: Path, furnished: Path
) -> None:
    lay_out(home, furnished)
    holder = hold(home)
    killed = postmaster(home)
    os.kill(killed, signal.SIGKILL)
    wait_for_the_end_of(killed)
    assert Path(f"/proc/{killed}").exists(), "its parent has buried it"

    with Server(home, report=ignore) as server:
        assert postmaster(home) != killed
        assert ask(server, "SELECT 1") == 1

    leave(holder)
    wait_for_the_end_of(postmaster_or(home, killed))


def test_commands_share_a_server_and_the_last_one_out_stops_it(home: Path, furnished: Path) -> None:
    lay_out(home, furnished)
    first, second = hold(home), hold(home)
    running = postmaster(home)

    leave(first)
    assert is_alive(running)
    leave(second)
    wait_for_the_end_of(running)


def test_commands_that_arrive_at_once_start_one_server(home: Path, furnished: Path) -> None:
    lay_out(home, furnished)
    command = [sys.executable, "-c", HOLDER, str(home)]
    holders = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        for _ in range(4)
    ]
    for holder in holders:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
    log = (home / "postgresql.log").read_text()

    for holder in holders:
        leave(holder)

    assert log.count("starting PostgreSQL") == 1
    assert "lock file" not in log


def test_a_note_whose_number_belongs_to_another_program_is_not_believed(
    home: Path, furnished: Path
) -> None:
    lay_out(home, furnished)
    data = Path(read_record(home)["data"])
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n0\n5432\n/nowhere\n\n\nready\n")

    with Server(home, report=ignore) as server:
        assert ask(server, "SELECT 1") == 1


def test_data_of_another_version_are_refused_by_name(home: Path, furnished: Path) -> None:
    lay_out(home, furnished)
    version = Path(read_record(home)["data"]) / "PG_VERSION"
    text = version.read_text()
    version.write_text("17\n")

    with pytest.raises(VersionMismatch) as refusal, Server(home, report=ignore):
        pass

    version.write_text(text)
    assert (refusal.value.seen, refusal.value.wanted) == ("17", "18")


def test_a_server_that_cannot_start_says_what_its_log_says(home: Path, furnished: Path) -> None:
    lay_out(home, furnished)
    settings = Path(read_record(home)["data"]) / "postgresql.conf"
    text = settings.read_text()
    settings.write_text(f"{text}\nmax_connections = many\n")

    with pytest.raises(StartFailed, match="max_connections"), Server(home, report=ignore):
        pass

    settings.write_text(text)


def test_a_home_whose_data_are_gone_is_refused_and_not_refilled(
    home: Path, furnished: Path
) -> None:
    lay_out(home, furnished)
    data = Path(read_record(home)["data"])
    hidden = data.with_name("hidden")
    data.rename(hidden)

    with pytest.raises(HomeUnreadable), Server(home, create=True, report=ignore):
        pass

    assert not data.exists()
    hidden.rename(data)


def test_waiting_is_told(home: Path, furnished: Path) -> None:
    lay_out(home, furnished)
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    server = Server(home, report=said.put)

    with alone(home / "lock", ignore):
        waiting = threading.Thread(target=server.open)
        waiting.start()
        first = said.get(timeout=PATIENCE)
    waiting.join()
    server.close()

    assert "another command is starting or stopping the database" in first
