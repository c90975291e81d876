"""Every command of the pages that asks a programme, run by curl against one that serves."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from benefits import VoucherDefinition
from loyalty.vouchers import define_voucher
from tests.loyalty.rewards.building import offered
from tests.support.database import Clone
from tests.support.ports import free_port
from tests.support.shop import Shop

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "README.md"
PAGES = ("api.md", "orders.md", "rewards.md", "vouchers.md")
"""The pages with commands, in the order in which they go on from each other."""

COMMAND = re.compile(r"^```sh (\d{3})\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
OF_THE_DEMO = "http://127.0.0.1:8000"
SECONDS_TO_START = 120


async def test_every_command_of_the_pages_answers_as_they_say(
    shop: Shop, clone: Clone, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    callers = {role: await shop.web.caller(role) for role in ("checkout", "admin", "finance")}
    keys = {role.upper(): caller.key for role, caller in callers.items()}
    database, cause = shop.web.application.database, shop.web.cause()
    await database.write(define_voucher, cause, VoucherDefinition("spring", {"en": "Spring"}))
    await database.write(offered)

    with served(clone) as base:
        environment = {**os.environ, **keys, "BASE": base}
        for page in PAGES:
            for status, command in commands_of(page):
                with subtests.test(f"{page}: {command}"):
                    seen, answer = await asyncio.to_thread(run, command, environment, tmp_path)
                    assert seen == status, answer
                    environment |= kept(answer)
            given = {"points": 500, "reason": "goodwill"}
            answered = await callers["admin"].post("/v1/members/ext:C-1047/adjustments", given)
            assert answered.status_code == 201, answered.text

        member = (await callers["checkout"].get("/v1/members/ext:C-1047")).json()["id"]
        told = {"keys": {"checkout": callers["checkout"].key}, "member_id": member}
        (tmp_path / ".loyalty").mkdir()
        (tmp_path / ".loyalty" / "demo.json").write_text(json.dumps(told))
        first, second = of_readme(base)
        quoted = await asyncio.to_thread(run, first, environment, tmp_path)
        wallet = await asyncio.to_thread(run, f"{first} >quoted\n{second}", environment, tmp_path)

    assert (quoted[0], json.loads(quoted[1])["points"]["spend"]) == ("200", 100)
    assert (wallet[0], json.loads(wallet[1])["member"]) == ("200", member)


def test_every_command_of_a_page_names_its_answer() -> None:
    asking = {
        page.name: [each for each in FENCE.findall(text_of(page)) if "curl " in each]
        for page in sorted((REPOSITORY / "docs").glob("*.md"))
    }

    assert {name for name, fences in asking.items() if fences} == set(PAGES)
    assert [each for fences in asking.values() for each in fences if not COMMAND.match(each)] == []


def commands_of(page: str) -> list[tuple[str, str]]:
    """The commands of a page, each with the status that it is to answer."""
    return COMMAND.findall(text_of(REPOSITORY / "docs" / page))


def of_readme(base: str) -> list[str]:
    """The commands of the README that ask the demo, as it asks a programme elsewhere."""
    fences = [each for each in FENCE.findall(text_of(README)) if "curl " in each]
    return [each.strip("`\n").replace(OF_THE_DEMO, base) for each in fences]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def kept(answer: str) -> Mapping[str, str]:
    """What a command leaves for those after it: the token of a quote."""
    told = json.loads(answer) if answer.startswith("{") else {}
    return {"QUOTE": told["quote"]} if "quote" in told else {}


def run(command: str, environment: Mapping[str, str], folder: Path) -> tuple[str, str]:
    """Run a command as it stands; its status and its answer. What it names, the next ones know."""
    asked = re.sub(r"curl -sS?", r"curl -sS -w '\\n%{http_code}'", command)
    names = folder / "names"
    if named := re.findall(r"^[A-Z]+='[^']*'$", command, re.MULTILINE):
        names.write_text("\n".join(named))
    known = names.read_text() if names.exists() else ""
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{known}\n{asked}"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    answer, _, status = ran.stdout.rpartition("\n")
    return status, answer


@contextmanager
def served(clone: Clone) -> Iterator[str]:
    """A programme that serves the test's own database; where it is."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "api.app:create_app_from_environment"),
            *("--factory", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)),
        ],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "LOYALTY_DATABASE_URL": clone.application.render_as_string(hide_password=False),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_open(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=SECONDS_TO_START)


def _until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(SECONDS_TO_START * 10):
        assert server.poll() is None, "the server ended"
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not open its port")
