"""What keeps us and Stripe together without anybody asking: the inbox, the sweep, the comparison.

Whatever a webhook did not bring is found here, and repaired by the same `sync`. A programme that
does not bill by Stripe does nothing of this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.errors import HintRefused, StripeUnavailable
from loyalty.billing.hints import TYPES, read_event
from loyalty.billing.inbox import BROKEN, handle_events, keep
from loyalty.billing.leaving import bring_in
from loyalty.billing.projecting import instant
from loyalty.billing.tables import stripe_comparison, stripe_event
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.errors import LoyaltyError
from loyalty.ids import new_id
from loyalty.membership.store import live_references

LOG: Final = structlog.get_logger(__name__)
COMPARE: Final = "compare-with-stripe"
"""The job of every night."""
FURTHEST: Final = timedelta(days=29)
"""Stripe lists events of thirty days."""
USUAL: Final = timedelta(days=4)
"""Stripe itself tries to deliver for three days."""
OVER: Final = frozenset({"canceled", "incomplete_expired"})
LOOKED_AFTER: Final = timedelta(days=30)
"""How long an ended subscription is compared; what becomes of its money later is told by events,
which Stripe lists for as long."""


@dataclass(slots=True)
class Comparison:
    """What a comparison of all subscriptions found."""

    compared: int = 0
    drifted: int = 0
    repaired: int = 0
    unknown: int = 0


async def look_into_inbox(application: Application, cause: Cause) -> int:
    """Look into what waits again after a failure, or was left by a worker that died."""
    if application.billing.gateway is None:
        return 0
    return await handle_events(application, cause)


async def sweep_stripe_events(application: Application, cause: Cause) -> int:
    """Take in what Stripe could not deliver, and look into it; answer how much was new."""
    gateway = application.billing.gateway
    if gateway is None:
        return 0
    async with application.database.read() as connection:
        since = await _swept_until(connection, cause.at)
    new = 0
    async for event in gateway.undelivered(sorted(TYPES), since):
        new += await _take_in(application, cause, event)
    if new:
        await handle_events(application, cause)
    return new


async def compare_with_stripe(application: Application, cause: Cause) -> int:
    """Bring every subscription in again; answer how many had drifted, which should be none."""
    gateway = application.billing.gateway
    if gateway is None:
        return 0
    found = Comparison()
    async with application.database.read() as connection:
        ours = set(await live_references(connection, "stripe"))
    listed = set[str]()
    async for seen in gateway.subscriptions():
        listed.add(seen["id"])
        if seen["id"] in ours or not _is_over(seen, cause.at):
            await _compare(application, cause, seen["id"], found)
    for reference in sorted(ours - listed):
        await _compare(application, cause, reference, found)
    await application.database.write(record, cause, found)
    if found.drifted or found.unknown:
        LOG.error("stripe-drift", **{name: getattr(found, name) for name in found.__slots__})
    return found.drifted


async def record(connection: AsyncConnection, cause: Cause, found: Comparison) -> UUID:
    """Keep what a comparison found."""
    made = new_id(cause.at)
    await connection.execute(
        insert(stripe_comparison).values(
            id=made,
            begun_at=cause.at,
            compared=found.compared,
            drifted=found.drifted,
            repaired=found.repaired,
            unknown=found.unknown,
        )
    )
    return made


async def last_comparison(connection: AsyncConnection) -> tuple[datetime, Comparison] | None:
    """Return the latest comparison and when it began."""
    return next(iter(await comparisons(connection, limit=1)), None)


async def comparisons(
    connection: AsyncConnection, *, limit: int
) -> Sequence[tuple[datetime, Comparison]]:
    """Return the latest comparisons and when each began."""
    own = stripe_comparison.c
    rows = await connection.execute(
        select(own.begun_at, own.compared, own.drifted, own.repaired, own.unknown)
        .order_by(own.id.desc())
        .limit(limit)
    )
    return [(row.begun_at, Comparison(*row[1:])) for row in rows]


def _is_over(seen: Mapping[str, Any], at: datetime) -> bool:
    """Whether a subscription ended so long ago that nothing of it is left to compare."""
    ended = instant(seen["ended_at"] or seen["created"])
    return seen["status"] in OVER and ended < at - LOOKED_AFTER


async def _compare(
    application: Application, cause: Cause, subscription: str, found: Comparison
) -> None:
    try:
        synced = await bring_in(application, cause, subscription)
    except StripeUnavailable:
        LOG.warning("stripe-not-compared", subscription=subscription)
        return
    except Exception as error:
        found.compared += 1
        found.drifted += 1
        code = error.code if isinstance(error, LoyaltyError) else BROKEN
        LOG.exception("stripe-drift-stays", subscription=subscription, code=code)
        return
    found.compared += 1
    if synced.code == "applied":
        found.drifted += 1
        found.repaired += 1
        LOG.warning("stripe-drift-repaired", subscription=subscription)
    elif synced.code == "not-ours":
        found.unknown += 1
    elif synced.code == "gone":
        found.drifted += 1
        LOG.error("stripe-drift-stays", subscription=subscription, code="gone")


async def _take_in(application: Application, cause: Cause, event: dict[str, Any]) -> bool:
    try:
        hint = read_event(event, livemode=application.billing.livemode)
    except HintRefused as refused:
        LOG.warning("stripe-event-refused", reason=refused.reason)
        return False
    return await application.database.write(keep, hint, source="sweep", at=cause.at)


async def _swept_until(connection: AsyncConnection, at: datetime) -> datetime:
    """Return from when on to ask: four days back, and further when nothing came in for longer."""
    latest: datetime | None = await connection.scalar(select(func.max(stripe_event.c.happened_at)))
    reached = at - FURTHEST if latest is None else min(latest, at - USUAL)
    return max(at - FURTHEST, reached)
