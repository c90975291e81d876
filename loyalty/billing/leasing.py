"""Who may project a subscription: one at a time, and only with the highest number.

The number is committed before Stripe is asked, so whoever asked later knows more and has a higher
one. A holder that dies is overtaken when the lease ends; what it then still writes is stale.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.tables import stripe_lease

LEASE: Final = timedelta(minutes=2)
"""Longer than all calls of one picture may take together."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to project a subscription."""

    subscription: str
    fence: int


async def take_lease(
    connection: AsyncConnection, subscription: str, *, at: datetime
) -> Lease | None:
    """Take the right to project a subscription; None while somebody else has it."""
    taking = insert(stripe_lease).values(subscription=subscription, fence=1, until=at + LEASE)
    taken = await connection.execute(
        taking.on_conflict_do_update(
            constraint="stripe_lease_is_one_per_subscription",
            set_={"fence": stripe_lease.c.fence + 1, "until": taking.excluded.until},
            where=stripe_lease.c.until <= literal(at, stripe_lease.c.until.type),
        ).returning(stripe_lease.c.fence)
    )
    row = taken.one_or_none()
    return None if row is None else Lease(subscription, row.fence)


async def still_holds(connection: AsyncConnection, lease: Lease) -> bool:
    """Whether nobody has taken the right since; nobody will until this transaction ends."""
    highest: int | None = await connection.scalar(
        select(stripe_lease.c.fence)
        .where(stripe_lease.c.subscription == lease.subscription)
        .with_for_update()
    )
    return highest == lease.fence


async def release(connection: AsyncConnection, lease: Lease, *, at: datetime) -> None:
    """Give the right back, if it is still ours."""
    await connection.execute(
        update(stripe_lease)
        .where(
            stripe_lease.c.subscription == lease.subscription,
            stripe_lease.c.fence == lease.fence,
        )
        .values(until=at)
    )
