"""The proof: everything the books promise, recomputed from the journal alone."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.tables import Key
from ledger.types import Finding

CHECKS: Final = {
    "wallets": "wallet counters equal the transfers of the journal",
    "counters": "wallet counters equal lots and holds, and know what time does next",
    "lots": "lots equal the transfers that name them",
    "births": "lots are what their journal says they were born as",
    "slices": "slices equal their transfers, and what was undone of them",
    "holds": "holds equal what was set aside, taken and given back",
    "reversals": "nothing is taken back twice",
    "receipts": "every business key stands for its journal's content",
    "journals": "canonical texts say what journals and transfers say",
    "sequences": "journals are numbered without a gap and running balances add up",
    "moves": "what leaves one wallet for another arrives there",
    "rollup": "the rollup equals its journals",
    "periods": "months follow each other, and nothing was booked into one after it ended",
}
"""What ``verify`` proves, by the name of the SQL function that does."""


async def verify(
    connection: AsyncConnection, *, only: Collection[str] = frozenset(CHECKS)
) -> Sequence[Finding]:
    """Prove every invariant, or `only` those named, and answer each broken one's first bad row.

    Read it in a snapshot. No finding means that transfers, wallets, lots, slices, holds,
    reversals, receipts, journals and rollups all tell the same story.
    """
    findings: list[Finding] = []
    for name, promise in CHECKS.items():
        if name not in only:
            continue
        broken = (
            getattr(func.ledger, f"verify_{name}")()
            .table_valued(column("row", Key), column("seen", Key), column("wanted", Key))
            .alias("broken")
        )
        row = (await connection.execute(select(broken))).first()
        if row is not None:
            findings.append(
                Finding(check=promise, row=row.row, seen=str(row.seen), wanted=str(row.wanted))
            )
    return findings
