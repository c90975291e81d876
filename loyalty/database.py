"""The database as the application uses it: read one thing, read a snapshot, or write.

Two pools over one address. Reading runs in AUTOCOMMIT and is not reset on return, which halves the
cost of a single statement; writing and snapshots are transactions. Nothing below this module
commits: a use case is handed to `Database.write`, which may run it again, whole.
"""

import asyncio
import itertools
import random
import select
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import msgspec
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import event
from sqlalchemy.engine import URL, AdaptedConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from loyalty.errors import OutcomeUnknown, Unavailable
from loyalty.settings import DRIVER

P = ParamSpec("P")
T = TypeVar("T")
Locate = Callable[[], URL]

ATTEMPTS: Final = 5
"""How often a write is tried when PostgreSQL asks for a repetition."""

CONFLICTS: Final = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the same work succeeds when it is run again."""

GONE: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
"""Shutting down, crashed, starting up, too many connections; besides all of class 08."""

OVERDUE: Final = frozenset({"55P03", "57014"})
"""A lock or a statement took longer than allowed."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a process waits for the database, in milliseconds."""

    statement: int
    lock: int
    idle_in_transaction: int
    deadline: int

    def options(self) -> str:
        """The timeouts as start-up options, so that no transaction spends a round trip on them."""
        return (
            f"-c statement_timeout={self.statement} -c lock_timeout={self.lock}"
            f" -c idle_in_transaction_session_timeout={self.idle_in_transaction}"
            " -c timezone=UTC"
        )


INTERACTIVE: Final = Patience(
    statement=5_000, lock=2_000, idle_in_transaction=10_000, deadline=5_000
)
"""For requests: somebody is waiting."""

LONG: Final = Patience(statement=300_000, lock=10_000, idle_in_transaction=60_000, deadline=60_000)
"""For jobs and commands."""


_OPEN: Final[ContextVar[bool]] = ContextVar("transaction_open", default=False)


def in_transaction() -> bool:
    """Whether whoever asks is inside a transaction, where nothing outside may be waited for."""
    return _OPEN.get()


class Database:
    """Connections to one database, handed out for reading and for writing."""

    def __init__(
        self, locate: Locate, *, patience: Patience = INTERACTIVE, pool_size: int = 10
    ) -> None:
        self._locate = locate
        self._patience = patience
        self._running: set[asyncio.Task[Any]] = set()
        reading = self._engine(pool_size, isolation_level="AUTOCOMMIT", resets=None)
        self._readers = _Readers(reading, pool_size, patience)
        self._writing = self._engine(pool_size, isolation_level=None, resets="rollback")
        self._snapshots = self._writing.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @classmethod
    def at(cls, url: URL, *, patience: Patience = INTERACTIVE, pool_size: int = 10) -> "Database":
        """The database at a fixed address."""
        return cls(lambda: url, patience=patience, pool_size=pool_size)

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection on which every statement stands for itself."""
        return _Reading(self._readers)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which all statements see the same instant, and none may write."""
        with _told_as_unavailable():
            async with self._snapshots.connect() as connection, connection.begin():
                open_ = _OPEN.set(True)
                try:
                    yield connection
                finally:
                    _OPEN.reset(open_)

    async def write(
        self,
        use_case: Callable[Concatenate[AsyncConnection, P], Awaitable[T]],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """Run a use case in a transaction of its own and hand back its answer once committed.

        After a conflict, or a connection that broke before COMMIT was sent, the use case runs again
        from the start. When that does not help in time it is `Unavailable`; when the connection
        broke during COMMIT it is `OutcomeUnknown`, and the same key finds out. A caller that is
        cancelled does not cancel the work.
        """
        task = asyncio.create_task(self._persist(lambda c: use_case(c, *arguments, **named)))
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def dispose(self) -> None:
        """Let the work under way end, then close every connection."""
        while self._running:
            await asyncio.wait(set(self._running))
        await self._readers.dispose()
        await self._writing.dispose()

    async def _persist(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        give_up_at = time.monotonic() + self._patience.deadline / 1_000
        for attempt in itertools.count(1):
            try:
                return await self._once(work)
            except (DBAPIError, psycopg.Error, PoolExhausted) as error:
                if not _may_pass(error):
                    raise
                pause = random.uniform(0, min(0.5, 0.01 * 2**attempt))  # noqa: S311 (jitter, no secret)
                tired = _is_conflict(error) and attempt >= ATTEMPTS
                if tired or _is_overdue(error) or time.monotonic() + pause > give_up_at:
                    raise Unavailable(retry_after=1) from error
            await asyncio.sleep(pause)
        raise AssertionError

    async def _once(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._writing.connect() as connection, connection.begin() as transaction:
            _OPEN.set(True)  # in the task of this write alone
            answer = await work(connection)
            try:
                await transaction.commit()
            except (DBAPIError, psycopg.Error) as error:
                if _is_gone(error):
                    raise OutcomeUnknown(retry_after=1) from error
                raise
            return answer

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

    def _engine(
        self, pool_size: int, *, isolation_level: str | None, resets: str | None
    ) -> AsyncEngine:
        options: dict[str, Any] = {"isolation_level": isolation_level} if isolation_level else {}
        engine = create_async_engine(
            f"{DRIVER}://",
            async_creator=self._connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=self._patience.deadline / 1_000,
            pool_reset_on_return=resets,
            **options,
        )
        event.listen(engine.sync_engine, "checkout", _refuse_dead)
        return engine

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        arguments = connect_arguments(self._locate(), self._patience)
        connection = await _Remembering.connect(**arguments)
        set_json_loads(msgspec.json.decode, connection)
        return connection


class _Remembering(psycopg.AsyncConnection[Any]):
    """Keeps prepared statements when work is refused; psycopg drops them with every rollback.

    That is meant for whoever makes objects in a transaction. Where a statement failed they go.
    """

    async def rollback(self) -> None:
        """Take the transaction back."""
        if self.pgconn.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
            return await super().rollback()
        threshold, self.prepare_threshold = self.prepare_threshold, None
        try:
            await self.execute("ROLLBACK")
        finally:
            self.prepare_threshold = threshold


class _Readers:
    """Connections for reading, which stay taken from the pool between two uses.

    Taking one costs SQLAlchemy as much as a hot statement costs the driver (decision 0213). One on
    which SQLAlchemy itself ran anything goes through the pool, which knows how to clean it.
    """

    def __init__(self, engine: AsyncEngine, size: int, patience: Patience) -> None:
        self._engine = engine
        self._room = asyncio.Semaphore(size)
        self._patience = patience.deadline / 1_000
        self._idle: list[AsyncConnection] = []

    async def take(self) -> AsyncConnection:
        """Hand out a connection that is alive; `Unavailable` where none becomes free in time."""
        if self._room.locked():
            try:
                await asyncio.wait_for(self._room.acquire(), self._patience)
            except TimeoutError:
                raise Unavailable(retry_after=1) from None
        else:
            await self._room.acquire()
        try:
            return await self._alive()
        except BaseException:
            self._room.release()
            raise

    async def give_back(self, connection: AsyncConnection) -> None:
        """Keep a connection for the next, as it was taken."""
        try:
            if connection.in_transaction() or connection.invalidated:
                await asyncio.shield(connection.close())
            else:
                self._idle.append(connection)
        finally:
            self._room.release()

    async def dispose(self) -> None:
        """Close them all."""
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()

    async def _alive(self) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()
            pooled = connection.sync_connection
            known: Any = None if pooled is None else pooled.connection.driver_connection
            if known is not None and not _is_dead(known):
                return connection
            await connection.invalidate()
            await connection.close()
        return await self._engine.connect()


class _Reading(AbstractAsyncContextManager[AsyncConnection]):
    """One use of a connection for reading."""

    __slots__ = ("_connection", "_readers")

    def __init__(self, readers: _Readers) -> None:
        self._readers = readers
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> AsyncConnection:
        with _told_as_unavailable():
            self._connection = await self._readers.take()
            return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with _told_as_unavailable():
            if self._connection is not None:
                await self._readers.give_back(self._connection)
        _tell_as_unavailable(error)


def connect_arguments(url: URL, patience: Patience) -> dict[str, Any]:
    """What psycopg needs to connect to a URL with our timeouts."""
    arguments: dict[str, Any] = url.translate_connect_args(username="user", database="dbname")
    arguments.update(url.query)
    asked = arguments.get("options")
    arguments["options"] = f"{asked} {patience.options()}" if asked else patience.options()
    arguments.setdefault("application_name", "loyalty")
    arguments.setdefault("connect_timeout", 5)
    return arguments


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of an error, however it is wrapped."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def constraint(error: BaseException) -> str | None:
    """The name of the constraint that an error says was violated."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


def _is_conflict(error: BaseException) -> bool:
    return sqlstate(error) in CONFLICTS


def _is_overdue(error: BaseException) -> bool:
    return sqlstate(error) in OVERDUE or isinstance(error, PoolExhausted)


def _is_gone(error: BaseException) -> bool:
    state = sqlstate(error)
    if state is not None:
        return state in GONE or state.startswith("08")
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.OperationalError)


def _may_pass(error: BaseException) -> bool:
    return _is_conflict(error) or _is_overdue(error) or _is_gone(error)


class _told_as_unavailable:  # noqa: N801 (read as a verb where it is used)
    """Turns what may pass into `Unavailable`, and leaves everything else as it is."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        _tell_as_unavailable(error)


def _tell_as_unavailable(error: BaseException | None) -> None:
    if isinstance(error, DBAPIError | psycopg.Error | PoolExhausted) and _may_pass(error):
        raise Unavailable(retry_after=1) from error


def _refuse_dead(connection: AdaptedConnection, *_: object) -> None:
    """Discard a pooled connection whose server has gone, for the price of two system calls.

    A server that ends says so and closes; both can be seen without a round trip. That is how the
    pool heals after a restart before any request has failed on it.
    """
    if _is_dead(connection.driver_connection):
        raise DisconnectionError


def _is_dead(driver: "psycopg.AsyncConnection[Any]") -> bool:
    idle = psycopg.pq.TransactionStatus.IDLE
    return driver.closed or driver.pgconn.transaction_status != idle or _has_ended(driver)


def _has_ended(driver: "psycopg.AsyncConnection[Any]") -> bool:
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return False
    if driver.pgconn.ssl_in_use:
        return True
    with socket.fromfd(driver.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as line:
        return line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) in {b"", b"E"}
