"""Large batches: copied into ``ledger.intake``, then posted from there set by set.

The result equals posting the same events one by one, each at its own effective instant, in
chronological order within a holder; only recorded instants and generated ids differ.
"""

from collections.abc import AsyncIterable, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.postings import Posting
from ledger.types import Outcome


async def stage(
    connection: AsyncConnection,
    batch: UUID,
    items: Iterable[Posting] | AsyncIterable[Posting],
    *,
    start: int = 0,
) -> int:
    """Copy postings into the intake under ``batch`` and answer how many.

    A holder's postings are posted by effective instant, then in the order staged. Other writers
    of the intake (processes that COPY by themselves) use ``INTAKE_COLUMNS`` and ``intake_row``.
    """
    raise NotImplementedError


async def post_intake(connection: AsyncConnection, batch: UUID, *, at: datetime) -> list[Outcome]:
    """Post a staged batch, settle its wallets up to ``at`` and empty it; answers the refusals."""
    raise NotImplementedError
