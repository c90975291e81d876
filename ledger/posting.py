"""The only writer of the books: every operation is one call of a SQL function, one round trip.

An operation takes any number of postings and answers one outcome for each, in their order; one
that is refused changes nothing and does not disturb the others. Every write first settles the
wallets it touches up to ``at``. Nothing here commits; the wallet rows stay locked until the
caller's transaction ends, and are taken in the order of their holders.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.calls import Row, call
from ledger.encoding import as_json, as_object, of_one_wallet
from ledger.errors import REFUSALS
from ledger.postings import (
    Activate,
    Adjust,
    Capture,
    ClawBack,
    Earn,
    Extend,
    Freeze,
    Hold,
    Move,
    Notify,
    Opening,
    Posting,
    Release,
    Reschedule,
    Restore,
    Spend,
    WriteOff,
)
from ledger.types import POINTS, Outcome, Swept

POST = "SELECT * FROM ledger.post(%s, %s)"
POST_ONE = "SELECT * FROM ledger.post_one(%s, %s)"
MOVE = "SELECT * FROM ledger.move(%s, %s)"
POST_RECALLED = "SELECT * FROM ledger.post_recalled(%s, %s, %s)"
SETTLE = "SELECT ledger.settle(%s, %s, %s)"
SWEEP = "SELECT ledger.sweep(%s, %s)"

_OUTCOME_FIELDS = tuple(field.name for field in fields(Outcome))


async def post(
    connection: AsyncConnection, items: Sequence[Posting], *, at: datetime
) -> list[Outcome]:
    """Post events of any kinds but moves, one after the other, in one round trip."""
    if len(items) == 1:
        rows = await call(connection, POST_ONE, as_object(of_one_wallet(items[0])), at)
    elif items:
        rows = await call(connection, POST, as_json(map(of_one_wallet, items)), at)
    else:
        rows = []
    return [outcome(row) for row in rows]


def post_in_sql(item: str, at: str) -> str:
    """Write the call that posts an event, for programs that speak SQL themselves: pgbench does."""
    return f"ledger.post_one({item}, {at})"


async def earn(
    connection: AsyncConnection, items: Sequence[Earn], *, at: datetime
) -> list[Outcome]:
    """Put points in, a lot each; debt is repaid first out of what becomes available."""
    return await post(connection, items, at=at)


async def open_balances(
    connection: AsyncConnection, items: Sequence[Opening], *, at: datetime
) -> list[Outcome]:
    """Bring in the lots of an earlier system against the opening account."""
    return await post(connection, items, at=at)


async def activate(
    connection: AsyncConnection, items: Sequence[Activate], *, at: datetime
) -> list[Outcome]:
    """Make pending lots available because an event says so; refused: lot-not-pending."""
    return await post(connection, items, at=at)


async def spend(
    connection: AsyncConnection, items: Sequence[Spend], *, at: datetime
) -> list[Outcome]:
    """Take points, first to expire first; refused: insufficient-points, wallet-frozen."""
    return await post(connection, items, at=at)


async def hold(
    connection: AsyncConnection, items: Sequence[Hold], *, at: datetime
) -> list[Outcome]:
    """Set points aside; refused: insufficient-points, wallet-frozen."""
    return await post(connection, items, at=at)


async def capture(
    connection: AsyncConnection, items: Sequence[Capture], *, at: datetime
) -> list[Outcome]:
    """Take held points for good; refused: hold-closed, hold-too-small."""
    return await post(connection, items, at=at)


async def release(
    connection: AsyncConnection, items: Sequence[Release], *, at: datetime
) -> list[Outcome]:
    """Give held points back to their lots; refused: hold-closed, hold-too-small."""
    return await post(connection, items, at=at)


async def extend(
    connection: AsyncConnection, items: Sequence[Extend], *, at: datetime
) -> list[Outcome]:
    """Move the end of a hold; refused: hold-closed."""
    return await post(connection, items, at=at)


async def claw_back(
    connection: AsyncConnection, items: Sequence[ClawBack], *, at: datetime
) -> list[Outcome]:
    """Take back what an earn gave; refused: reversal-too-large. The outcome says from where."""
    return await post(connection, items, at=at)


async def restore(
    connection: AsyncConnection, items: Sequence[Restore], *, at: datetime
) -> list[Outcome]:
    """Give spent points back to the lots they came from; refused: reversal-too-large."""
    return await post(connection, items, at=at)


async def adjust(
    connection: AsyncConnection, items: Sequence[Adjust], *, at: datetime
) -> list[Outcome]:
    """Correct a wallet by hand; taking more than is available is refused: insufficient-points."""
    return await post(connection, items, at=at)


async def write_off(
    connection: AsyncConnection, items: Sequence[WriteOff], *, at: datetime
) -> list[Outcome]:
    """Give up debt; refused: debt-too-small."""
    return await post(connection, items, at=at)


async def freeze(
    connection: AsyncConnection, items: Sequence[Freeze], *, at: datetime
) -> list[Outcome]:
    """Freeze or unfreeze wallets; setting what is already set is posted all the same."""
    return await post(connection, items, at=at)


async def notify(
    connection: AsyncConnection, items: Sequence[Notify], *, at: datetime
) -> list[Outcome]:
    """Record that members were told; refused: unknown-lot, wrong-asset, end-too-early."""
    return await post(connection, items, at=at)


async def reschedule(
    connection: AsyncConnection, items: Sequence[Reschedule], *, at: datetime
) -> list[Outcome]:
    """Give lots another end; refused: unknown-lot, wrong-asset, end-too-early."""
    return await post(connection, items, at=at)


async def move(
    connection: AsyncConnection, items: Sequence[Move], *, at: datetime
) -> list[Outcome]:
    """Move wallets to other holders; refused: holds-open, wallet-frozen, nothing-to-move.

    The one operation on two holders: both wallets are locked in the order of their ids. Of the
    outcome, ``amount`` are the points moved, ``to_debt`` is the debt moved, and ``repaid`` the
    debt that is gone on arrival.
    """
    if not items:
        return []
    rows = await call(connection, MOVE, as_json(items), at)
    return [outcome(row) for row in rows]


async def post_recalled(
    connection: AsyncConnection, items: Sequence[Posting], *, to: UUID, at: datetime
) -> list[Outcome]:
    """Post claims of holders whose wallets have moved to ``to``, where their keys stand.

    The lots that a claim is about come back, the claim is posted, and everything goes on to the
    survivor again, debt too. A claim that is refused moves nothing; one that is replayed neither.
    """
    if not items:
        return []
    claims = as_json(map(of_one_wallet, items))
    rows = await call(connection, POST_RECALLED, claims, to, at)
    return [outcome(row) for row in rows]


async def settle(
    connection: AsyncConnection, holders: Sequence[UUID], *, at: datetime, asset: str = POINTS
) -> int:
    """Post what time has made due in these wallets up to ``at``; answers how many had any."""
    rows = await call(connection, SETTLE, list(holders), asset, at)
    return int(rows[0][0])


async def sweep(connection: AsyncConnection, *, at: datetime, limit: int = 500) -> Swept:
    """Settle up to ``limit`` idle wallets that are due, skipping those in use right now."""
    rows = await call(connection, SWEEP, at, limit)
    settled = int(rows[0][0])
    return Swept(wallets=settled, more=settled == limit)


def demand(outcome: Outcome) -> Outcome:
    """Answer the outcome if it was posted, or raise the refusal it names."""
    if outcome.posted:
        return outcome
    facts: dict[str, int | str] = {"key": outcome.key}
    named = {"field": outcome.field, "seen": outcome.seen, "wanted": outcome.wanted}
    facts |= {name: fact for name, fact in named.items() if fact is not None}
    raise REFUSALS[outcome.code](pointer=None, **facts)


def outcome(row: Row) -> Outcome:
    """Read one row of ``ledger.outcome``; amounts refused come back as numbers."""
    values = dict(zip(_OUTCOME_FIELDS, row, strict=True))
    if values["field"] == "amount":
        for name in ("seen", "wanted"):
            if values[name] is not None:
                values[name] = int(values[name])
    return Outcome(**values)
