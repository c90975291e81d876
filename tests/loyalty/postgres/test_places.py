"""Where data, programs and socket lie, and who can reach them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loyalty.postgres import APPLICATION, DATABASE, OWNER, SUPERUSER, Server
from loyalty.postgres.account import server_account
from loyalty.postgres.binaries import LIBRARIES, PROGRAMS, find_binaries
from loyalty.postgres.home import SHARED_PLACES, SOCKET_BYTES, SOCKET_NAME
from tests.support.homes import FAST, ask, ignore, make, postmaster, read_record, sweep, swept_home

REPOSITORY = Path(__file__).parents[3]

MAKER = """
from pathlib import Path
from loyalty.postgres import Server
with Server(Path(sys.argv[1]), create=True, settings={"fsync": "off"}, report=len) as server:
    print(server.is_running())
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends its server to another user")


@as_root
def test_root_under_a_private_directory_changes_no_mode_of_it(home: Path) -> None:
    home.parent.chmod(0o700)
    before = {path: path.stat().st_mode for path in home.parents}

    with Server(home, create=True, settings=FAST, report=ignore) as server:
        assert ask(server, "SELECT 1") == 1
        pid = postmaster(home)
        assert Path(f"/proc/{pid}").stat().st_uid == server_account().uid

    assert {path: path.stat().st_mode for path in home.parents} == before
    assert not Path(read_record(home)["data"]).is_relative_to(home)


@as_root
def test_a_home_that_everybody_may_pass_through_keeps_its_data_itself() -> None:
    with swept_home() as home:
        make(home)

        assert Path(read_record(home)["data"]) == home / "data"
        assert (home / "data").stat().st_uid == server_account().uid


@as_root
def test_the_system_user_that_lends_its_name_cannot_connect(home: Path) -> None:
    with Server(home, create=True, settings=FAST, report=ignore) as server:
        psql = server.binaries.program("psql")
        sockets = str(server.url(OWNER).query["host"])
        for role in (SUPERUSER, OWNER, APPLICATION):
            where = ["-h", sockets, "-U", role, "-d", DATABASE]
            answer = server_account().run([psql, *where, "-c", "SELECT 1"])

            assert answer.returncode != 0
            assert "Peer authentication failed" in answer.stderr


def test_binaries_that_the_server_user_cannot_reach_are_copied_whole(tmp_path: Path) -> None:
    copied = find_binaries().copy_to(tmp_path / "copy")

    assert copied.version() == find_binaries().version()
    assert find_binaries().copy_to(tmp_path / "copy") == copied


@as_root
def test_a_clone_that_other_users_cannot_enter_works_whole(tmp_path: Path, home: Path) -> None:
    """Home and installed package both lie under a directory of mode 0700."""
    private = tmp_path / "site"
    for name in (PROGRAMS, LIBRARIES):
        shutil.copytree(find_binaries().root / name, private / name, symlinks=True)
    (private / PROGRAMS).parent.joinpath("__init__.py").touch()
    shared = [place for place in SHARED_PLACES if place.exists()]
    before = {copy for place in shared for copy in place.glob("postgresql-*")}

    made = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(private)!r})\n{MAKER}", home],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )

    assert made.returncode == 0, made.stderr
    binaries = Path(read_record(home)["binaries"])
    assert not binaries.is_relative_to(tmp_path)
    assert made.stdout == "True\n"
    if binaries not in before:
        shutil.rmtree(binaries)


def test_the_socket_of_a_long_home_is_short(tmp_path: Path, home: Path) -> None:
    long = tmp_path / ("long" * 30) / ("longer" * 20)
    with Server(long, create=True, settings=FAST, report=ignore) as server:
        socket = Path(read_record(long)["sockets"]) / SOCKET_NAME

        assert len(os.fsencode(socket)) <= SOCKET_BYTES
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        assert ask(server, "SELECT 1") == 1
    sweep(long)


def test_a_socket_directory_that_somebody_else_holds_is_not_used(home: Path) -> None:
    make(home)
    squatted = Path(read_record(home)["sockets"])
    shutil.rmtree(squatted)
    squatted.mkdir(mode=0o755)

    with Server(home, report=ignore) as server:
        assert read_record(home)["sockets"] != str(squatted)
        assert ask(server, "SELECT 1") == 1
    squatted.rmdir()
