"""The programme's side: trial balance, totals by month, and the rollup they stand on.

Programme accounts have no row that a posting could lock. Their sums are the rollup, which
``roll_up`` advances behind every transaction still in flight, plus the journals after it.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.types import POINTS, Account, MonthTotal, TrialBalance


async def trial_balance(
    connection: AsyncConnection, *, at: datetime, asset: str = POINTS
) -> TrialBalance:
    """Sum every account as of ``at``: members from their wallets, programme from the journals.

    Read it in a snapshot. A wallet edited by hand shows as a ``difference`` other than zero.
    """
    raise NotImplementedError


async def monthly_totals(
    connection: AsyncConnection,
    *,
    accounts: Sequence[Account],
    since: date,
    until: date,
    asset: str = POINTS,
) -> Sequence[MonthTotal]:
    """Sum what accounts moved in each month of effective time (UTC) in ``[since, until)``."""
    raise NotImplementedError


async def roll_up(connection: AsyncConnection) -> int:
    """Fold committed journals into the rollup; answers how many. Any number may run at once."""
    raise NotImplementedError
