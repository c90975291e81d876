"""Every command of docs/api.md, run by curl against a served programme."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.api import Web
from tests.support.database import Clone

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
COMMAND = re.compile(r"^```sh (\d{3})\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_TO_START = 120


async def test_every_command_of_the_page_answers_as_it_says(
    web: Web, clone: Clone, subtests: pytest.Subtests
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    keys = {role.upper(): (await web.caller(role)).key for role in ("checkout", "admin", "finance")}
    port = _free_port()
    environment = {
        **os.environ,
        **keys,
        "BASE": f"http://127.0.0.1:{port}",
        "LOYALTY_DATABASE_URL": clone.application.render_as_string(hide_password=False),
    }
    server = _serve(port, environment)
    try:
        await asyncio.to_thread(_until_open, port, server)
        commands = COMMAND.findall(PAGE.read_text(encoding="utf-8"))
        assert len(commands) > 10
        for status, command in commands:
            with subtests.test(command):
                told = await asyncio.to_thread(_run, command, environment)
                assert told.endswith(f"\n{status}"), told
    finally:
        server.terminate()
        server.wait(timeout=120)


def _serve(port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "api.app:create_app_from_environment"),
            *("--factory", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)),
        ],
        cwd=PAGE.parents[1],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _run(command: str, environment: dict[str, str]) -> str:
    asked = command.replace("curl -sS", r"curl -sS -w '\n%{http_code}'")
    ran = subprocess.run(
        ["/bin/sh", "-c", asked],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ran.stdout


def _until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(SECONDS_TO_START * 10):
        assert server.poll() is None, "the server ended"
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not open its port")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
