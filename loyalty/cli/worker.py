"""``loyalty worker``: run jobs until told to stop."""

import asyncio
import os
import signal
from typing import Final

import click

from loyalty.bootstrap import build, freeze_memory
from loyalty.database import LONG
from loyalty.jobs.worker import work
from loyalty.observability import configure_logging
from loyalty.settings import Settings

PARENT_SECONDS: Final = 0.5


@click.command()
@click.option("--until-idle", is_flag=True, help="Stop once no job is waiting.")
@click.option("--beside", type=int, hidden=True, help="Stop when this process is no longer ours.")
def worker(*, until_idle: bool, beside: int | None) -> None:
    """Run jobs until told to stop; jobs under way are given time to end."""
    configure_logging()
    asyncio.run(_work(until_idle=until_idle, beside=beside))


async def _work(*, until_idle: bool, beside: int | None) -> None:
    async with build(Settings(), patience=LONG) as application:
        freeze_memory()
        task = asyncio.create_task(work(application, until_idle=until_idle))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        while not task.done():
            await asyncio.wait([task], timeout=PARENT_SECONDS)
            if beside is not None and os.getppid() != beside:
                task.cancel()
        if not task.cancelled():
            task.result()
