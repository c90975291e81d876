"""What a wallet holds at an instant: counters, lots, and what will expire.

Reads never write. Before ``next_due`` they take the counters; from then on they derive them from
the lots, exactly as settling would leave them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.types import POINTS, Expiring, Lot, Wallet


async def wallet(
    connection: AsyncConnection, holder: UUID, *, at: datetime, asset: str = POINTS
) -> Wallet:
    """Answer the wallet's counters at ``at``; a holder who never had any has zeros."""
    raise NotImplementedError


def wallet_at(
    holder: UUID | ColumnElement[UUID],
    at: datetime | ColumnElement[datetime],
    asset: str = POINTS,
) -> Select[Any]:
    """Publish one wallet's counters as a statement for others to join.

    Columns: holder, asset, available, pending, held, debt, next_due, version, frozen. No row when
    the holder has no wallet yet; join it outer (lateral where ``holder`` is a column).
    """
    raise NotImplementedError


async def lots(
    connection: AsyncConnection,
    holder: UUID,
    *,
    at: datetime,
    asset: str = POINTS,
    limit: int = 500,
) -> Sequence[Lot]:
    """List the open lots, in the order in which they will be spent."""
    raise NotImplementedError


async def expiring(
    connection: AsyncConnection,
    holder: UUID,
    *,
    at: datetime,
    until: datetime,
    asset: str = POINTS,
) -> Sequence[Expiring]:
    """List what lapses between ``at`` and ``until``, with its exact instants, soonest first."""
    raise NotImplementedError
