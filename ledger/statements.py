"""A wallet's history, and single journals with their transfers.

Pages are keyed by the wallet's own sequence, so the tenth thousand movement costs what the first
does; running balances are stored with each journal and proved by ``verify``.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.types import POINTS, Account, AccountEntry, Journal, Movement


async def transactions(
    connection: AsyncConnection,
    holder: UUID,
    *,
    asset: str = POINTS,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Movement]:
    """List movements, latest first; ``before`` is the sequence of the last one seen."""
    raise NotImplementedError


async def journal(connection: AsyncConnection, holder: UUID, journal_id: UUID) -> Journal | None:
    """Answer one journal with its transfers, or nothing when this holder has none such."""
    raise NotImplementedError


async def find_journal(connection: AsyncConnection, journal_id: UUID) -> Journal | None:
    """Answer one journal by its id alone, for drill-downs that do not know the holder."""
    raise NotImplementedError


async def account_entries(
    connection: AsyncConnection,
    account: Account,
    *,
    asset: str = POINTS,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[AccountEntry]:
    """List the journals that moved an account, latest effective first, in ``[since, until)``.

    ``before`` is (effective instant, journal id) of the last one seen.
    """
    raise NotImplementedError
