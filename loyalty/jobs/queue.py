"""Putting a job into the queue, in the caller's transaction."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.database import constraint
from loyalty.errors import LoyaltyError

QUEUE: Final = "loyalty"
ONE_WAITING: Final = "procrastinate_jobs_queueing_lock_idx_v1"

_DEFER: Final = text(
    "SELECT (procrastinate.procrastinate_defer_jobs_v1(ARRAY[ROW("
    " :queue, :task, 0, CAST(:in_turn AS text), CAST(:once AS text),"
    " CAST(:arguments AS jsonb), CAST(:not_before AS timestamptz)"
    ")]::procrastinate.procrastinate_job_to_defer_v1[]))[1]"
)


class UnknownJob(LoyaltyError):
    """There is no job named "{seen}"; the worker knows {wanted}."""

    code = "unknown-job"
    seen: str
    wanted: str


async def enqueue(
    connection: AsyncConnection,
    name: str,
    arguments: Mapping[str, object],
    *,
    once: str | None = None,
    in_turn: str | None = None,
    not_before: datetime | None = None,
) -> int | None:
    """Put a job into the queue; it exists when the caller's transaction commits, and not before.

    With `once`, nothing happens and None is answered while a job of that key still waits. Jobs of
    the same `in_turn` key run one after the other. Use it for what people start, never on an
    order's path: the queue notifies its workers, and PostgreSQL then commits one at a time.
    """
    values = {
        "queue": QUEUE,
        "task": name,
        "in_turn": in_turn,
        "once": once,
        "arguments": json.dumps(dict(arguments)),
        "not_before": not_before,
    }
    try:
        async with connection.begin_nested():
            return int((await connection.execute(_DEFER, values)).scalar_one())
    except IntegrityError as error:
        if once is not None and constraint(error) == ONE_WAITING:
            return None
        raise
