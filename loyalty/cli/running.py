"""How commands reach the application: build it, run one coroutine in it, leave it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from loyalty.bootstrap import Application, build
from loyalty.cause import SYSTEM, Cause
from loyalty.cli.progress import tell
from loyalty.database import LONG
from loyalty.ids import new_id
from loyalty.settings import Settings

T = TypeVar("T")


def run(work: Callable[[Application], Awaitable[T]], *, create: bool = False) -> T:
    """Run a coroutine function in an application that lives as long as it does."""

    async def within() -> T:
        async with build(Settings(), create=create, patience=LONG, report=tell) as application:
            return await work(application)

    return asyncio.run(within())


def cause_of(application: Application) -> Cause:
    """The cause of what a person does on the command line."""
    return Cause(at=application.clock.now(), actor=SYSTEM, request_id=str(new_id()))
