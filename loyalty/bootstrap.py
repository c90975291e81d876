"""Where the object graph is put together; nothing else constructs its collaborators.

`build` does no I/O. Entering the application starts or joins the embedded server, reads the clock
and keeps both going; leaving it lets the work under way end first.
"""

import asyncio
import contextlib
import gc
import multiprocessing
import signal
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

import structlog
from sqlalchemy.engine import URL

from loyalty.billing.connecting import Billing, connect
from loyalty.billing.errors import StripeUnavailable
from loyalty.checkout.gathering import Snapshots
from loyalty.checkout.programme import Programme
from loyalty.clock import Clock
from loyalty.database import INTERACTIVE, Database, Patience
from loyalty.errors import Unavailable
from loyalty.keys import Keys
from loyalty.loopback import is_loopback
from loyalty.policy import Policies
from loyalty.postgres import APPLICATION, OWNER, EmbeddedError, Server
from loyalty.postgres.lease import Report
from loyalty.postgres.server import tell_log
from loyalty.settings import Settings
from loyalty.signing import Signing

WATCH_SECONDS: Final = 0.25
MEASURE_SECONDS: Final = 60.0
YOUNG: Final = 10_000
"""After so many new objects that are still there the garbage collector looks at them."""
FOLLOW_SECONDS: Final = 0.5
FOLLOW_FROM: Final = timedelta(seconds=5)
NO_TIME: Final = timedelta(0)

LOG: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that a request, a job or a command needs; built once for each process."""

    settings: Settings
    server: Server | None
    database: Database
    clock: Clock
    signing: Signing
    keys: Keys
    policies: Policies
    programme: Programme
    snapshots: Snapshots
    billing: Billing = field(default_factory=Billing)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)

    def locate(self) -> URL:
        """Where the application's role finds the database at this moment."""
        return _locate(self.settings, self.server)

    async def __aenter__(self) -> Self:
        """Have the database running and the clock measured."""
        try:
            if self.server is not None:
                await asyncio.to_thread(self.server.open)
                self._stack.push_async_callback(asyncio.to_thread, self.server.close)
                self._keep(self._watch_server(self.server))
            self._stack.push_async_callback(self.database.dispose)
            self._stack.push_async_callback(self.billing.close)
            async with self.database.read() as connection:
                await self.clock.measure(connection)
            self._keep(self._measure_clock())
            await self.follow_test_clock()
            if self.billing.doubled:
                self._keep(self._follow_double())
            self._keep(_end_with_parent())
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the work under way end, then give the server back."""
        await self._stack.aclose()

    def _keep(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._stack.push_async_callback(_end, task)

    async def _watch_server(self, server: Server) -> None:
        """Start the server again when somebody kills it; the pools heal by themselves."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not server.is_running():
                try:
                    await asyncio.to_thread(server.revive)
                except EmbeddedError as error:
                    LOG.exception("embedded-postgresql-ended", error=str(error))

    async def _follow_double(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            await self.follow_test_clock()

    async def follow_test_clock(self) -> None:
        """Let it be as late as the double's test clock says; there is none beside real money."""
        if not self.billing.doubled:
            return
        with contextlib.suppress(StripeUnavailable):
            told = await self.billing.demand().test_clock()
            ahead = told - (self.clock.now() - self.clock.following) if told else NO_TIME
            if abs(ahead - self.clock.following) > FOLLOW_FROM:
                self.clock.follow(ahead)

    async def _measure_clock(self) -> None:
        while True:
            await asyncio.sleep(MEASURE_SECONDS)
            with contextlib.suppress(Unavailable):
                async with self.database.read() as connection:
                    await self.clock.measure(connection)


def build(
    settings: Settings,
    *,
    create: bool = False,
    patience: Patience = INTERACTIVE,
    report: Report = tell_log,
) -> Application:
    """Put an application together; only what may `create` makes a home that is not there."""
    server = Server(settings.home, create=create, report=report) if settings.embedded else None
    signing, policies = Signing(), Policies()
    programme = Programme(policies, signing)
    database = Database(
        lambda: _locate(settings, server), patience=patience, pool_size=settings.pool_size
    )
    return Application(
        settings=settings,
        server=server,
        database=database,
        clock=Clock(may_follow=is_loopback(settings.stripe_api_base)),
        signing=signing,
        keys=Keys(),
        policies=policies,
        programme=programme,
        snapshots=Snapshots(database, programme),
        billing=connect(settings),
    )


@dataclass(frozen=True, slots=True)
class Ownership:
    """The database as its owner sees it, for `loyalty db`."""

    owner: URL
    application: URL
    server: Server | None

    @property
    def application_role(self) -> str:
        """The role that requests run as."""
        return self.application.username or ""


@contextmanager
def owned(
    settings: Settings, *, create: bool = False, report: Report = tell_log
) -> Iterator[Ownership]:
    """The database as its owner, with the embedded server running meanwhile."""
    if not settings.embedded:
        yield Ownership(settings.owner_url(), settings.application_url(), None)
        return
    with Server(settings.home, create=create, report=report) as server:
        yield Ownership(server.url(OWNER), server.url(APPLICATION), server)


def freeze_memory() -> None:
    """Take what start-up made out of the garbage collector's sight, once a process is ready.

    From then on it looks less often: a request makes some thousand objects, and they go with it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


async def _end_with_parent() -> None:
    """End this process when the one that serves with it was killed, so that no port stays taken."""
    parent = multiprocessing.parent_process()
    while parent is not None:
        await asyncio.sleep(WATCH_SECONDS)
        if not parent.is_alive():
            signal.raise_signal(signal.SIGTERM)
            return


def _locate(settings: Settings, server: Server | None) -> URL:
    return settings.application_url() if server is None else server.url(APPLICATION)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
