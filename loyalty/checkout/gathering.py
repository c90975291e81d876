"""Snapshots that are asked for at the same moment, read together.

A shop's tills ask one by one, each in a request of its own. Most of what a snapshot costs is the
way to PostgreSQL and back and the setting up of its one statement, and both cost the same for one
as for many. So whoever asks while others are being read waits for them and then goes with all who
have come meanwhile; whoever asks alone goes at once. Nobody waits for a clock.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from copy import copy
from functools import partial
from typing import Final

from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked, Snapshot, take_snapshots
from loyalty.database import Database
from loyalty.errors import Unavailable

MOST: Final = 16
"""So many are read by one statement, which the slowest of them holds up."""

AT_ONCE: Final = 2
"""So many statements are under way: one is read while what the last one found is decided."""

Waiting = tuple[Asked, "asyncio.Future[Snapshot]"]


class Snapshots:
    """Reads snapshots for the requests of one process, several by one statement."""

    def __init__(self, database: Database, programme: Programme) -> None:
        """Begin with nobody waiting."""
        self._database = database
        self._programme = programme
        self._waiting: deque[Waiting] = deque()
        self._leaving = False
        self._under_way: set[asyncio.Task[list[Snapshot]]] = set()

    async def take(self, asked: Asked) -> Snapshot:
        """Return the snapshot, read after this was called.

        Raises Unavailable where the database does not answer in time.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Snapshot] = loop.create_future()
        self._waiting.append((asked, answer))
        if not self._leaving and len(self._under_way) < AT_ONCE:
            # Whoever asks in the same turn of the loop comes along.
            self._leaving = True
            loop.call_soon(self._leave)
        return await answer

    def _leave(self) -> None:
        self._leaving = False
        together: list[Waiting] = []
        while self._waiting and len(together) < MOST:
            asked, answer = self._waiting.popleft()
            if not answer.done():  # whoever asked may have gone
                together.append((asked, answer))
        if together:
            self._send(together)

    def _send(self, together: Sequence[Waiting]) -> None:
        reading = self._read([asked for asked, _ in together])
        # In a context of its own: it is no part of the request that happened to be first.
        task = asyncio.create_task(reading, context=Context())
        self._under_way.add(task)
        task.add_done_callback(partial(self._arrive, together))

    async def _read(self, asked: Sequence[Asked]) -> list[Snapshot]:
        async with self._database.read() as connection:
            return await take_snapshots(connection, self._programme, asked)

    def _arrive(self, together: Sequence[Waiting], task: "asyncio.Task[list[Snapshot]]") -> None:
        self._under_way.discard(task)
        error = Unavailable(retry_after=1) if task.cancelled() else task.exception()
        if error is None:
            for (_, answer), snapshot in zip(together, task.result(), strict=True):
                if not answer.done():
                    answer.set_result(snapshot)
        elif len(together) == 1 or isinstance(error, Unavailable):
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(copy(error))
        else:
            # One of them cannot be read: it alone is told so, the others are read without it.
            for one in together:
                self._send([one])
        if self._waiting and not self._leaving and len(self._under_way) < AT_ONCE:
            self._leave()
