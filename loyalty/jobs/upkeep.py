"""What keeps the books tidy without anybody asking: one transaction a batch, until nothing is left.

Each batch stands for itself. A job that dies is simply run again, two at once take different rows,
and none of them changes what a member could see before: wallets are settled on every write anyway.
"""

import asyncio

import ledger
from loyalty.bootstrap import Application
from loyalty.cause import Cause

BATCH = 500


async def settle_due_wallets(application: Application, cause: Cause) -> int:
    """Post what activates and expires in wallets that nobody has touched; answer how many."""
    settled = 0
    while True:
        swept = await application.database.write(ledger.sweep, at=cause.at, limit=BATCH)
        settled += swept.wallets
        if not swept.more:
            return settled
        await asyncio.sleep(0)


async def roll_up_ledger(application: Application, cause: Cause) -> int:
    """Fold what was posted since into the totals of the programme's accounts."""
    del cause
    folded = 0
    while batch := await application.database.write(ledger.roll_up):
        folded += batch
    return folded
