"""The only writer of the books: every operation is one call of a SQL function, one round trip.

An operation takes any number of postings and answers one outcome for each, in their order; one
that is refused changes nothing and does not disturb the others. Every write first settles the
wallets it touches up to ``at``. Nothing here commits; the wallet rows stay locked until the
caller's transaction ends, and are taken in the order of their holders.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.postings import (
    Activate,
    Adjust,
    Capture,
    ClawBack,
    Earn,
    Extend,
    Freeze,
    Hold,
    Opening,
    Posting,
    Release,
    Restore,
    Spend,
    WriteOff,
)
from ledger.types import POINTS, Outcome, Swept


async def post(
    connection: AsyncConnection, items: Sequence[Posting], *, at: datetime
) -> list[Outcome]:
    """Post events of any kinds, one after the other, in one round trip."""
    raise NotImplementedError


async def earn(
    connection: AsyncConnection, items: Sequence[Earn], *, at: datetime
) -> list[Outcome]:
    """Put points in, a lot each; debt is repaid first out of what becomes available."""
    raise NotImplementedError


async def open_balances(
    connection: AsyncConnection, items: Sequence[Opening], *, at: datetime
) -> list[Outcome]:
    """Bring in the lots of an earlier system against the opening account."""
    raise NotImplementedError


async def activate(
    connection: AsyncConnection, items: Sequence[Activate], *, at: datetime
) -> list[Outcome]:
    """Make pending lots available because an event says so; refused: lot-not-pending."""
    raise NotImplementedError


async def spend(
    connection: AsyncConnection, items: Sequence[Spend], *, at: datetime
) -> list[Outcome]:
    """Take points, first to expire first; refused: insufficient-points, wallet-frozen."""
    raise NotImplementedError


async def hold(
    connection: AsyncConnection, items: Sequence[Hold], *, at: datetime
) -> list[Outcome]:
    """Set points aside; refused: insufficient-points, wallet-frozen."""
    raise NotImplementedError


async def capture(
    connection: AsyncConnection, items: Sequence[Capture], *, at: datetime
) -> list[Outcome]:
    """Take held points for good; refused: hold-closed, hold-too-small."""
    raise NotImplementedError


async def release(
    connection: AsyncConnection, items: Sequence[Release], *, at: datetime
) -> list[Outcome]:
    """Give held points back to their lots; refused: hold-closed, hold-too-small."""
    raise NotImplementedError


async def extend(
    connection: AsyncConnection, items: Sequence[Extend], *, at: datetime
) -> list[Outcome]:
    """Move the end of a hold; refused: hold-closed."""
    raise NotImplementedError


async def claw_back(
    connection: AsyncConnection, items: Sequence[ClawBack], *, at: datetime
) -> list[Outcome]:
    """Take back what an earn gave; refused: reversal-too-large. The outcome says from where."""
    raise NotImplementedError


async def restore(
    connection: AsyncConnection, items: Sequence[Restore], *, at: datetime
) -> list[Outcome]:
    """Give spent points back to the lots they came from; refused: reversal-too-large."""
    raise NotImplementedError


async def adjust(
    connection: AsyncConnection, items: Sequence[Adjust], *, at: datetime
) -> list[Outcome]:
    """Correct a wallet by hand; taking more than is available is refused: insufficient-points."""
    raise NotImplementedError


async def write_off(
    connection: AsyncConnection, items: Sequence[WriteOff], *, at: datetime
) -> list[Outcome]:
    """Give up debt; refused: debt-too-small."""
    raise NotImplementedError


async def freeze(
    connection: AsyncConnection, items: Sequence[Freeze], *, at: datetime
) -> list[Outcome]:
    """Freeze or unfreeze wallets; setting what is already set is posted all the same."""
    raise NotImplementedError


async def settle(
    connection: AsyncConnection, holders: Sequence[UUID], *, at: datetime, asset: str = POINTS
) -> int:
    """Post what time has made due in these wallets up to ``at``; answers how many had any."""
    raise NotImplementedError


async def sweep(connection: AsyncConnection, *, at: datetime, limit: int = 500) -> Swept:
    """Settle up to ``limit`` idle wallets that are due, skipping those in use right now."""
    raise NotImplementedError


def demand(outcome: Outcome) -> Outcome:
    """Answer the outcome if it was posted, or raise the refusal it names."""
    raise NotImplementedError
