"""Asking for a proof now: a job, because proving everything takes longer than a page may wait."""

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.jobs.queue import enqueue
from loyalty.verification.proving import JOB


async def ask_for_proof(connection: AsyncConnection, cause: Cause) -> None:
    """Let a worker prove everything now, in the name of who asks; asked twice, it is done once."""
    await enqueue(connection, JOB, {"actor": cause.actor}, once=JOB)
