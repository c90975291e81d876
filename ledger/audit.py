"""The proof: everything the books promise, recomputed from the journal alone."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.types import Finding


async def verify(connection: AsyncConnection) -> Sequence[Finding]:
    """Prove every invariant and answer each that is broken, with its first bad row named.

    Read it in a snapshot. No finding means that transfers, wallets, lots, slices, holds,
    reversals, receipts, journals and rollups all tell the same story.
    """
    raise NotImplementedError
