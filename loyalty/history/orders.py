"""A shop's orders brought along from a file: staged, put together, and taken in by processes.

An order is the unit of rejection, a bucket of members the unit of work, and a run can be repeated:
what is there already is counted and left alone.
"""

import asyncio
import multiprocessing
import os
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from gzip import BadGzipFile
from pathlib import Path
from typing import Final, TypeVar

from benefits import find_published_rule_set
from loyalty.bootstrap import Application
from loyalty.cause import import_actor
from loyalty.history import staging, workers
from loyalty.history.assembly import Reject, Row
from loyalty.history.errors import ImportInterrupted, ImportUnreadable
from loyalty.history.folder import spool_folder
from loyalty.history.programme import Effects
from loyalty.history.reconciling import reconcile
from loyalty.history.rejects import Rejected, rejects_path
from loyalty.history.replays import Conflict
from loyalty.history.spool import bucket_of, records
from loyalty.history.staging import Staged
from loyalty.history.summary import Summary, summary_of
from loyalty.history.workers import Done, Job
from loyalty.ids import new_id
from loyalty.money import digits
from loyalty.policy import policy_at

Report = Callable[[str, int, int | None], None]
"""Called with what is being done, how many more are done, and of how many."""

SMALL: Final = 500_000
"""Bytes up to which a file is taken in by this process alone."""

_SKEW: Final = timedelta(minutes=5)
"""How far the instants of rows may lie before the run's own."""

READING: Final = "rows read"
CHECKING: Final = "rows checked"
TAKING: Final = "orders taken in"

T = TypeVar("T")


def silent(doing: str, more: int, total: int | None) -> None:
    """Report nothing."""
    del doing, more, total


async def import_orders(
    application: Application,
    path: Path,
    *,
    effects: Effects = "both",
    rules: int | None = None,
    processes: int | None = None,
    report: Report = silent,
) -> Summary:
    """Bring a file of orders along and return what it came to.

    Orders that are older than the first rule set earn nothing, unless `rules` names the set that
    decides them. Rejected rows are written beside the file. Raises `RuleSetNotFound`,
    `ColumnsUnusable`, `ImportUnreadable`, and `ImportInterrupted` when a process was killed;
    running it again goes on from there.
    """
    begun = time.monotonic()
    run = new_id()
    async with application.database.read() as connection:
        policy = await policy_at(connection, application.clock.now())
        if rules is not None:
            await find_published_rule_set(connection, rules)
    terms = staging.Terms(
        policy.currency, digits(policy.currency), policy.zone, application.clock.now()
    )
    url = application.locate().render_as_string(hide_password=False)
    job = Job(url, import_actor(str(run)), str(run), effects, rules, policy.currency)
    with spool_folder() as folder:
        rejected = Rejected(folder)
        async with _pool(job, path, processes) as pool:
            staged = await _split(path, folder, report)
            counts = await _Run(staged, terms, pool, report, rejected).all()
        if rejected.rows:
            await asyncio.to_thread(rejected.write, rejects_path(path), staged.columns.names)
    async with application.database.snapshot() as connection:
        reconciled = await reconcile(connection, counts, run=str(run), since=terms.now - _SKEW)
    return summary_of(counts, seconds=time.monotonic() - begun, reconciled=reconciled)


async def _split(path: Path, folder: Path, report: Report) -> Staged:
    told = 0

    def tick(number: int) -> None:
        nonlocal told
        report(READING, number - told, None)
        told = number

    try:
        return await asyncio.to_thread(staging.split, path, folder, tick)
    except (OSError, EOFError, BadGzipFile, zlib.error) as error:
        raise ImportUnreadable(problem=str(error)) from error


def _is_small(path: Path) -> bool:
    """Whether one process does; of a file that cannot be read, cutting it says why."""
    try:
        return staging.bytes_of(path) <= SMALL
    except OSError:
        return True


@asynccontextmanager
async def _pool(job: Job, path: Path, processes: int | None) -> AsyncIterator[Executor]:
    """As many processes as asked for or cores; a small file is not worth starting any.

    They start at once, while the file is cut.
    """
    if processes is None and _is_small(path):
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, initializer=workers.sit_down, initargs=(job,)) as thread:
            try:
                yield thread
            finally:
                await loop.run_in_executor(thread, workers.rise)
        return
    wanted = processes or os.cpu_count() or 1
    with ProcessPoolExecutor(
        wanted,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=workers.begin,
        initargs=(job,),
    ) as pool:
        for _ in range(wanted):
            pool.submit(workers.stand_ready)
        yield pool


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over a staged file."""

    staged: Staged
    terms: staging.Terms
    pool: Executor
    report: Report
    rejected: Rejected

    async def all(self) -> Counter[str]:
        """Check every order, take every member in, and write what was rejected."""
        counts: Counter[str] = Counter(rows=self.staged.rows)
        self.rejected.add(self.staged.unassigned)
        share = self.staged.rows // self.staged.buckets
        for done in self._each(workers.check, self.terms):
            counted, rejects = await done
            counts += counted
            self.rejected.add(rejects)
            self.report(CHECKING, share, self.staged.rows)
        conflicts: dict[str, Conflict] = {}
        for taken in self._each(workers.take):
            bucket: Done = await taken
            counts += bucket.counts
            conflicts.update((one.order_id, one) for one in bucket.conflicts)
            self.report(TAKING, bucket.orders, counts["assembled"])
        self._reject(conflicts)
        counts["orders_rejected"] += len(conflicts)
        counts["rows_rejected"] = self.rejected.rows
        return counts

    def _each(self, work: Callable[..., T], *arguments: object) -> Iterable[Awaitable[T]]:
        """Work on every bucket in the pool; give the results as they come."""
        loop = asyncio.get_running_loop()
        futures = [
            loop.run_in_executor(self.pool, work, self.staged, bucket, *arguments)
            for bucket in range(self.staged.buckets)
        ]
        return map(_unbroken, asyncio.as_completed(futures))

    def _reject(self, conflicts: Mapping[str, Conflict]) -> None:
        """Find the rows of orders that were refused later, and reject them all."""
        place = self.staged.columns.order_id
        for bucket in {bucket_of(order_id, self.staged.buckets) for order_id in conflicts}:
            found = [
                Reject(Row(number, fields), conflict.column, conflict.reason)
                for number, fields in records(self.staged.directory / "orders", bucket)
                if (conflict := conflicts.get(fields[place].strip())) is not None
            ]
            self.rejected.add(found)


async def _unbroken(done: Awaitable[T]) -> T:
    try:
        return await done
    except BrokenProcessPool as error:
        raise ImportInterrupted from error
