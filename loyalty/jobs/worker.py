"""Running jobs: one procrastinate worker beside an application, until it is told to stop.

A job that fails is tried again later and later; a job whose worker died is taken back into the
queue. While the database is away the worker waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException

from loyalty.bootstrap import Application
from loyalty.cause import Cause, job_actor
from loyalty.database import LONG, connect_arguments
from loyalty.ids import new_id
from loyalty.jobs.queue import QUEUE
from loyalty.jobs.registry import JOBS, PERIODIC, Periodic
from loyalty.observability import job_context

CONCURRENCY: Final = 2
GRACE_SECONDS: Final = 20.0
RETRY: Final = procrastinate.RetryStrategy(max_attempts=10, exponential_wait=3)
STALLED_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 1.0

LOG: Final = structlog.get_logger(__name__)


async def work(application: Application, *, until_idle: bool = False) -> None:
    """Run jobs until cancelled, or until none is left; jobs under way are given time to end."""
    while True:
        queue = _queue(application)
        try:
            async with queue.open_async():
                await _take_back(queue)
                await queue.run_worker_async(
                    queues=[QUEUE],
                    wait=not until_idle,
                    concurrency=CONCURRENCY,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=GRACE_SECONDS,
                    delete_jobs="successful",
                )
        except ConnectorException as error:
            LOG.warning("worker-waits-for-database", error=str(error))
            await asyncio.sleep(WAIT_SECONDS)
        else:
            return


async def run_periodic(application: Application, periodic: Periodic) -> None:
    """Run one periodic job now, as the worker would."""
    await _run(application, periodic.name, periodic.work)


async def _run(
    application: Application, name: str, work: Callable[..., Awaitable[object]], **arguments: object
) -> None:
    run = str(new_id())
    await application.follow_test_clock()  # what it was told of may be of a time that just began
    cause = Cause(at=application.clock.now(), actor=job_actor(name), request_id=run)
    with job_context(name, run):
        answer = await work(application, cause, **arguments)
        LOG.info("job-done", answer=answer if isinstance(answer, int) else None)


def _queue(application: Application) -> procrastinate.App:
    arguments = connect_arguments(application.locate(), LONG)
    arguments["options"] += " -c search_path=procrastinate"
    connector = procrastinate.PsycopgConnector(kwargs=arguments, min_size=1, max_size=4)
    queue = procrastinate.App(connector=connector)
    for periodic in PERIODIC:
        _add_periodic(queue, application, periodic)
    for job in JOBS.values():
        _add(queue, application, job.name, job.work)

    @queue.periodic(cron="* * * * *")
    @queue.task(name="take-back-stalled", queue=QUEUE, queueing_lock="take-back-stalled")
    async def take_back(timestamp: int) -> None:
        del timestamp
        await _take_back(queue)

    return queue


def _add_periodic(queue: procrastinate.App, application: Application, periodic: Periodic) -> None:
    @queue.periodic(cron=periodic.period)
    @queue.task(name=periodic.name, queue=QUEUE, queueing_lock=periodic.name, retry=RETRY)
    async def run(timestamp: int) -> None:
        del timestamp
        await _run(application, periodic.name, periodic.work)


def _add(
    queue: procrastinate.App,
    application: Application,
    name: str,
    work: Callable[..., Awaitable[object]],
) -> None:
    @queue.task(name=name, queue=QUEUE, retry=RETRY)
    async def run(**arguments: object) -> None:
        await _run(application, name, work, **arguments)


async def _take_back(queue: procrastinate.App) -> None:
    """Put the jobs of dead workers back into the queue."""
    stalled = await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
    for job in stalled:
        await queue.job_manager.retry_job(job)
