"""The processes of an import: each has a connection of its own and works bucket by bucket.

A process ends by itself when the one that started it is gone, so a killed import leaves nothing
running; the transaction under way is rolled back.
"""

import asyncio
import gc
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from benefits import list_switches
from loyalty.books import read_estimates
from loyalty.cause import Cause
from loyalty.clock import Clock
from loyalty.database import LONG, Database, constraint
from loyalty.history import staging
from loyalty.history.assembly import HistoricOrder, Reject
from loyalty.history.errors import ImportOutrun
from loyalty.history.programme import MOST, Effects, HistoryProgramme, find_eras
from loyalty.history.replays import Conflict
from loyalty.history.staging import Staged
from loyalty.history.stepwise import Steps
from loyalty.history.taking import PostingRefused, Taken, take_in
from loyalty.ids import new_id
from loyalty.orders.deferring import CLASS
from loyalty.orders.eras import Era, Terms

ATTEMPTS: Final = 5
"""How often a bucket is begun anew when somebody else recorded one of its names meanwhile."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every process is told at its start."""

    url: str
    actor: str
    request_id: str
    effects: Effects
    rules: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a member bucket came to."""

    counts: Counter[str]
    conflicts: Sequence[Conflict]
    orders: int


class Desk:
    """One process's connection, and the loop that it lives in."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._runner = asyncio.Runner()
        self._database = Database.at(make_url(job.url), patience=LONG, pool_size=2)
        self._programme = HistoryProgramme(job.effects, job.rules)
        self._clock = Clock()
        self._eras: Sequence[Era] = ()

    def take(self, bucket: Mapping[str, Sequence[HistoricOrder]]) -> Done:
        """Take a bucket in."""
        return self._runner.run(self._take(bucket))

    def close(self) -> None:
        """Let go of the connections."""
        self._runner.run(self._database.dispose())
        self._runner.close()

    async def _take(self, bucket: Mapping[str, Sequence[HistoricOrder]]) -> Done:
        """One transaction for the bucket, then what is left of it order by order."""
        async with self._database.read() as connection:
            await self._clock.measure(connection)
            if not self._eras:
                self._eras = await find_eras(connection, self._programme, self._clock.now())
        taken = await self._take_in(bucket)
        steps = Steps(self._database, self._programme, self._cause, self._job.currency)
        await steps.take(taken.stepwise, taken.counts, taken.conflicts)
        return Done(taken.counts, taken.conflicts, sum(map(len, bucket.values())))

    async def _take_in(self, bucket: Mapping[str, Sequence[HistoricOrder]]) -> Taken:
        refused: frozenset[UUID] = frozenset()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._database.write(self._once, bucket, refused)
            except PostingRefused as error:
                refused |= error.holders
            except (DBAPIError, psycopg.Error) as error:
                if constraint(error) != "name_is_taken_once" or attempt == ATTEMPTS:
                    raise
        raise ImportOutrun

    async def _once(
        self,
        connection: AsyncConnection,
        bucket: Mapping[str, Sequence[HistoricOrder]],
        stepwise: frozenset[UUID],
    ) -> Taken:
        ladder = await tiers.live_ladder(connection)
        first, *later = self._eras
        terms = Terms(
            policy=first.policy,
            rule_set=first.rule_set,
            ladder=ladder if self._job.effects != "points" else None,
            cause=self._cause(),
            mint=new_id,
            later=later,
            estimates=await read_estimates(connection, lot_class=CLASS),
            stops=await list_switches(connection, limit=MOST),
        )
        return await take_in(connection, terms, ladder, bucket, stepwise=stepwise)

    def _cause(self) -> Cause:
        return Cause(self._clock.now(), self._job.actor, self._job.request_id)


_here: Final = threading.local()
"""Where the desk of this process, or of this thread, stands."""


def begin(job: Job) -> None:
    """Set a process up; called once in each."""
    gc.disable()
    gc.freeze()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sit_down(job)


def sit_down(job: Job) -> None:
    """Set a desk up in this thread."""
    _here.desk = Desk(job)


def rise() -> None:
    """Leave the desk of this thread."""
    desk: Desk = _here.desk
    desk.close()


def stand_ready() -> None:
    """Do nothing: whoever is asked to has begun."""


def check(staged: Staged, bucket: int, terms: staging.Terms) -> tuple[Counter[str], list[Reject]]:
    """Put the orders of one order bucket together."""
    return staging.assemble(staged, bucket, terms)


def take(staged: Staged, bucket: int) -> Done:
    """Take one member bucket in."""
    desk: Desk = _here.desk
    return desk.take(staging.members_of(staged, bucket))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
