"""A job exists when its caller's transaction commits, and runs until it is done."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application, build
from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.jobs import worker as worker_module
from loyalty.jobs.queue import enqueue
from loyalty.jobs.registry import PERIODIC, Job
from loyalty.jobs.worker import run_periodic, work
from loyalty.settings import Settings
from loyalty.verify import verify
from tests.support.database import Clone

WAITING = text("SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE status = 'todo'")
STATUS = text("SELECT status::text FROM procrastinate.procrastinate_jobs ORDER BY id")


async def waiting(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(WAITING)).scalar_one())


@pytest.fixture
async def application(clone: Clone) -> AsyncIterator[Application]:
    url = clone.application.render_as_string(hide_password=False)
    async with build(Settings(database_url=SecretStr(url), home=Path("/nowhere"))) as application:
        yield application


async def test_a_job_is_enqueued_when_the_caller_commits(database: Database) -> None:
    await database.write(enqueue, "anything", {"n": 1})

    assert await waiting(database) == 1


async def test_a_job_of_a_caller_that_rolls_back_never_existed(database: Database) -> None:
    async def enqueue_and_refuse(connection: AsyncConnection) -> None:
        await enqueue(connection, "anything", {"n": 1})
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(enqueue_and_refuse)

    assert await waiting(database) == 0


async def test_the_same_job_waits_once(database: Database) -> None:
    first = await database.write(enqueue, "anything", {}, once="replay")
    second = await database.write(enqueue, "anything", {}, once="replay")

    assert first is not None
    assert second is None
    assert await waiting(database) == 1


async def test_a_job_runs_with_its_arguments_and_cause(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, int]] = []

    async def note(_: Application, cause: Cause, *, number: int) -> None:
        ran.append((cause.actor, number))

    monkeypatch.setattr(worker_module, "JOBS", {"note": Job("note", note)})
    await application.database.write(enqueue, "note", {"number": 7})

    await work(application, until_idle=True)

    assert ran == [("job:note", 7)]


async def test_a_job_that_fails_waits_for_another_try(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Application, __: Cause) -> None:
        raise LookupError

    monkeypatch.setattr(worker_module, "JOBS", {"fail": Job("fail", fail)})
    await application.database.write(enqueue, "fail", {})

    await work(application, until_idle=True)

    async with application.database.read() as connection:
        assert (await connection.execute(STATUS)).scalars().all() == ["todo"]


async def test_a_job_whose_worker_died_is_taken_back(
    application: Application, owner_connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = asyncio.Event()

    async def note(_: Application, __: Cause) -> None:
        ran.set()

    monkeypatch.setattr(worker_module, "JOBS", {"note": Job("note", note)})
    await application.database.write(enqueue, "note", {})
    await owner_connection.execute(
        text(
            "WITH dead AS (INSERT INTO procrastinate.procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour') RETURNING id)"
            " UPDATE procrastinate.procrastinate_jobs SET status = 'doing', worker_id = dead.id"
            " FROM dead"
        )
    )

    await work(application, until_idle=True)

    assert ran.is_set()


@pytest.mark.parametrize("name", [periodic.name for periodic in PERIODIC])
async def test_every_periodic_job_runs_on_an_empty_programme_and_again(
    application: Application, name: str
) -> None:
    periodic = next(each for each in PERIODIC if each.name == name)

    await run_periodic(application, periodic)
    await run_periodic(application, periodic)

    async with application.database.snapshot() as connection:
        assert list(await verify(connection)) == []


def test_who_puts_a_job_into_the_queue_loads_no_work() -> None:
    loads = "import sys, loyalty.jobs.queue; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", loads], check=True, capture_output=True, text=True
    ).stdout.split()

    assert "loyalty.jobs.queue" in said
    assert [one for one in said if one.startswith(("loyalty.books", "loyalty.jobs.registry"))] == []
